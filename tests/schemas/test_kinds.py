"""Every type that is published has its schema, and what a signal becomes fits the schema of its trigger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from example_signals import FIRING, NOW, SIGNALS, name, read
from expansion_signals.decide.candidates import candidate_in
from expansion_signals.decide.decisions import trigger_of
from expansion_signals.model.kinds import FAMILIES, KINDS, TOLD
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.published import dataschema
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jsonschema import Draft7Validator

NOT_WRITTEN_YET = {
    "outcome.attributed",
    "pql.disqualified",
    "pql.qualified",
    "pql.score_changed",
    "reading",
    "trigger.withdrawn",
}
"""Types without schemas: each leaves this list with the code that publishes it."""

PUBLISHED = {
    *(("expansion-signals", f"signal.{short}", short) for short in (*KINDS, *TOLD)),
    *((kind.family.topic, kind.type, kind.type) for kind in KINDS.values() if kind.fires),
    *((family.topic, "trigger.withdrawn", "trigger.withdrawn") for family in FAMILIES),
    ("expansion-decisions", "decision.made", "decision.made"),
    ("expansion-outcomes", "outcome.attributed", "outcome.attributed"),
}
"""Topic, type and short type of all that this program publishes (interfaces, Records out)."""


def test_the_topics_declare_the_types_of_the_interface_but_those_not_written_yet() -> None:
    declared = {
        (topic.name, event_type.removeprefix("expansion.").removesuffix(".v1"))
        for topic in topics()
        for event_type in topic.versions
        if topic.producers in (["metering"], ["deciding"])
    }

    assert declared == {(topic, name) for topic, name, short in PUBLISHED if short not in NOT_WRITTEN_YET}


def test_only_types_of_the_interface_are_waited_for() -> None:
    assert {short for _, _, short in PUBLISHED} >= NOT_WRITTEN_YET


@pytest.mark.parametrize("path", SIGNALS, ids=name)
def test_a_signal_is_decided_if_its_kind_fires(path: Path) -> None:
    signal = read(path)

    assert (candidate_in(signal, "0:0") is not None) is KINDS[signal.type].fires


@pytest.mark.parametrize("path", FIRING, ids=name)
def test_what_a_signal_becomes_fits_the_schema_of_its_trigger(
    path: Path, validator: Callable[[str], Draft7Validator]
) -> None:
    event = json.loads(CloudEventsCodec().trigger(trigger_of(read(path)), NOW).value or b"")

    assert event["dataschema"] == dataschema(KINDS[read(path).type].family.topic, event["type"])
    assert list(validator(event["dataschema"].removeprefix("/schemas/")).iter_errors(event["data"])) == []
