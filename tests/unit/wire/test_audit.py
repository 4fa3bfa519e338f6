from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from documents import ROOT
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.happenings import Happening
from expansion_signals.model.instants import HOUR, parse_instant
from expansion_signals.model.records import Record
from expansion_signals.wire import audit, decisions, outcomes, signals, triggers
from sample_signals import NOW
from told_account import came_of, decided, found, trigger, withdrawn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from expansion_signals.model.happenings import Told
    from expansion_signals.model.records import Outgoing

EXAMPLES = [path for topic in audit.TOPICS for path in sorted((ROOT / "schemas/examples" / topic).glob("*/1/*.json"))]
RECORDED = NOW + HOUR


def _record(topic: str, value: bytes | None) -> Record:
    return Record(topic, 0, 0, b"acct-1", value, (("content-type", b"application/cloudevents+json"),), RECORDED)


def _back(written: Outgoing) -> Happening:
    return audit.read(_record(written.topic, written.value))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "-".join(path.parts[-4:]))
def test_every_example_of_what_is_published_is_read(path: Path) -> None:
    happening = audit.read(_record(path.parts[-4], path.read_bytes()))
    assert happening.what.account == "acct-1"


@pytest.mark.parametrize(
    ("what", "write"),
    [
        (decided(found(), "suppressed", "at_risk", "snoozed"), decisions.write),
        (decided(found(), "held", "quiet_hours", until=NOW + HOUR), decisions.write),
        (came_of(trigger()), outcomes.write),
        (withdrawn(trigger()), outcomes.write_withdrawal),
    ],
    ids=["suppressed", "held", "outcome", "withdrawal"],
)
def test_what_was_written_is_read_back_as_it_was(what: Told, write: Callable[[Any, int], Outgoing]) -> None:
    assert _back(write(what, RECORDED)) == Happening(what, RECORDED)


def test_a_trigger_is_read_back_with_its_data_and_its_expiry() -> None:
    sent = trigger()
    back = _back(triggers.write(sent, RECORDED)).what
    assert (back.id, back.type, back.data, back.expires) == (sent.id, sent.type, sent.data, sent.expires)  # type: ignore[union-attr]


def test_a_signal_is_read_back_with_when_it_was_recorded() -> None:
    back = _back(signals.write(found(), RECORDED))
    assert (back.time, back.recorded) == (NOW, RECORDED)


@pytest.mark.parametrize("change", [{"type": "expansion.limit.reached.v2"}, {"data": None}, {"recordedtime": None}])
def test_what_this_program_did_not_write_is_refused(change: dict[str, object]) -> None:
    event = json.loads(triggers.write(trigger(), RECORDED).value or b"") | change
    with pytest.raises(RejectedRecord):
        audit.read(_record("expansion-limit-reached", json.dumps(event).encode()))


def test_a_reason_of_another_version_is_refused() -> None:
    event = json.loads(decisions.write(decided(found(), "suppressed", "at_risk"), RECORDED).value or b"")
    event["data"]["reasons"] = ["full_moon"]
    with pytest.raises(RejectedRecord):
        audit.read(_record("expansion-decisions", json.dumps(event).encode()))


def test_a_report_of_a_prompt_was_recorded_when_it_was_appended() -> None:
    path = ROOT / "schemas/examples/prompt-events/prompt.snoozed/1/for-a-week.json"
    happening = audit.read(_record("prompt-events", path.read_bytes()))
    assert (happening.time, happening.recorded) == (parse_instant("2026-11-22T10:00:00.123Z"), RECORDED)
