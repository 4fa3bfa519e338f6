"""The sample's season: every signal that is judged is raised by somebody's story, and all that fires says why."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import expansion_signals.local
from expansion_signals.configuration_files import read_directory
from expansion_signals.local.season import season
from expansion_signals.model.kinds import KINDS
from expansion_signals.rules.loading import load
from expansion_signals.testing.rehearsal import Rehearsal
from outside.schemas import violations_of

if TYPE_CHECKING:
    from expansion_signals.model.records import Outgoing

SAMPLE = Path(str(expansion_signals.local.__file__)).parent / "sample"
NOT_FOR_TRIGGERS = {"expansion-signals", "expansion-decisions", "expansion-outcomes"}
WITHDRAWN = "expansion.trigger.withdrawn.v1"
NOT_JUDGED = {"pql.qualified", "pql.disqualified", "pql.score_changed"}


@pytest.fixture(scope="module")
def published() -> list[tuple[str, dict[str, Any]]]:
    """Topic and event of everything that the season leads to."""
    return [(record.topic, json.loads(record.value or b"")) for record in asyncio.run(_played())]


async def _played() -> list[Outgoing]:
    rehearsal = Rehearsal(load(read_directory(SAMPLE)))
    lines = [json.dumps(event).encode() for event in season()]
    return [record for line in lines for record in await rehearsal.play(line)]


def test_the_season_raises_every_kind_of_signal(published: list[tuple[str, dict[str, Any]]]) -> None:
    raised = {event["type"] for topic, event in published if topic == "expansion-signals"}
    expected = {f"expansion.signal.{kind}.v1" for kind in KINDS.keys() - NOT_JUDGED}
    assert expected - raised == set()


def test_everything_of_the_season_is_what_its_schemas_promise(published: list[tuple[str, dict[str, Any]]]) -> None:
    assert [violation for _, event in published for violation in violations_of(event)] == []


def test_every_trigger_of_the_season_says_why(published: list[tuple[str, dict[str, Any]]]) -> None:
    triggers = [event for topic, event in published if topic not in NOT_FOR_TRIGGERS and event["type"] != WITHDRAWN]
    assert triggers
    assert [event for event in triggers if not event["data"]["why"]] == []


def test_no_trigger_of_the_season_is_there_twice(published: list[tuple[str, dict[str, Any]]]) -> None:
    ids = [event["id"] for topic, event in published if topic not in NOT_FOR_TRIGGERS]
    assert len(ids) == len(set(ids))
