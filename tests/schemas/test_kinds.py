"""Every type that is published has its schema, and what a signal becomes fits the schema of its trigger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from example_signals import FIRING, NOW, SIGNALS, name, read
from expansion_signals.decide.candidates import candidate_in
from expansion_signals.decide.cases import Case
from expansion_signals.decide.decisions import trigger_of
from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.kinds import FAMILIES, KINDS, PQL, TOLD
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.published import dataschema
from expansion_signals.wire.schema_files import schema_files
from expansion_signals.wire.topic_files import topics
from sample_ground import ground

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema import Draft7Validator

    from expansion_signals.model.signals import Signal
    from expansion_signals.model.triggers import Trigger

PUBLISHED = {
    # Leads are made of readings, by deciding: they are no signals themselves.
    *(("expansion-signals", f"signal.{kind.type}") for kind in KINDS.values() if kind.family != PQL),
    *(("expansion-signals", f"signal.{short}") for short in TOLD),
    *((kind.family.topic, kind.type) for kind in KINDS.values() if kind.fires),
    *((family.topic, "trigger.withdrawn") for family in FAMILIES),
    ("expansion-decisions", "decision.made"),
    ("expansion-outcomes", "outcome.attributed"),
}
"""Topic and short type of all that this program publishes (interfaces, Records out)."""

ROOT = Path(str(schema_files()))
TRIGGERS = sorted(
    path
    for kind in KINDS.values()
    if kind.fires
    for path in (ROOT / "examples" / kind.family.topic / kind.type / "1").glob("*.json")
)
WITH_RECOMMENDATION = ROOT / "examples/expansion-limit-reached/limit.reached/1/with-recommendation.json"


def test_the_topics_declare_the_types_of_the_interface() -> None:
    declared = {
        (topic.name, event_type.removeprefix("expansion.").removesuffix(".v1"))
        for topic in topics()
        for event_type in topic.versions
        if topic.producers in (["metering"], ["deciding"])
    }

    assert declared == PUBLISHED


@pytest.mark.parametrize("path", SIGNALS, ids=name)
def test_a_signal_is_decided_if_its_kind_fires(path: Path) -> None:
    signal = read(path)

    assert (candidate_in(signal, "0:0") is not None) is KINDS[signal.type].fires


def _fired(signal: Signal) -> Trigger:
    return trigger_of(Case(signal, Remembered(), ground()), range(len(signal.keys)))


@pytest.mark.parametrize("path", FIRING, ids=name)
def test_what_a_signal_becomes_fits_the_schema_of_its_trigger(
    path: Path, validator: Callable[[str], Draft7Validator]
) -> None:
    event = json.loads(CloudEventsCodec().trigger(_fired(read(path)), NOW).value or b"")

    assert event["dataschema"] == dataschema(KINDS[read(path).type].family.topic, event["type"])
    assert list(validator(event["dataschema"].removeprefix("/schemas/")).iter_errors(event["data"])) == []


@pytest.mark.parametrize("name", ["recommendation", "route", "prompt", "copy"])
@pytest.mark.parametrize("path", TRIGGERS, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_every_trigger_may_say_what_to_do_or_null(
    path: Path, name: str, validator: Callable[[str], Draft7Validator]
) -> None:
    event, what_to_do = json.loads(path.read_text()), json.loads(WITH_RECOMMENDATION.read_text())["data"]
    schema = validator(event["dataschema"].removeprefix("/schemas/"))

    assert [schema.is_valid(event["data"] | {name: told}) for told in (what_to_do[name], None)] == [True, True]
