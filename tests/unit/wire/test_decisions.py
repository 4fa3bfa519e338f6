"""Decisions are read back where policy state was lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.decided import Decided
from expansion_signals.decide.decisions import decide
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.records import Record
from expansion_signals.wire import decisions
from sample_ground import ground
from sample_signals import NOW, signal

if TYPE_CHECKING:
    from expansion_signals.model.decisions import Decision


def made() -> Decision:
    decision = decide(Candidate(signal("80"), "0:1"), Decided(), ground()).decision
    assert decision is not None
    return decision


def record(value: bytes | None) -> Record:
    return Record("expansion-decisions", 0, 0, b"acct-1", value, (), NOW)


def changed(**data: object) -> bytes:
    """Return a decision of which something was changed by hand."""
    envelope = json.loads(decisions.write(made(), NOW).value or b"")
    envelope["data"].update(data)
    return json.dumps(envelope).encode()


def test_a_decision_that_was_written_names_signal_trigger_and_verdict() -> None:
    found = made()
    assert decisions.read(record(changed())) == (found.signal, found.trigger, "fired")


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{}",
        changed(signal=None),
        changed(trigger=7),
        changed(decision="perhaps"),
        changed(decision=["fired"]),
        json.dumps({**json.loads(changed()), "type": "expansion.decision.made.v2"}).encode(),
        json.dumps({**json.loads(changed()), "data": "fired"}).encode(),
    ],
    ids=["null", "nothing", "empty", "no signal", "no trigger", "unknown", "a list", "a later version", "a text"],
)
def test_what_is_no_decision_that_this_program_knows_is_rejected(value: bytes | None) -> None:
    with pytest.raises(RejectedRecord):
        decisions.read(record(value))
