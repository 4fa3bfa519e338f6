"""Utilization between two looks at closed days: what a level has told of stands until the next one (semantics 8.1).

reading              tells    remembered
look at 1 Nov        10 %     nothing
level, 2 Nov 10:00   85 %     85 %, until its period ends
gate, 2 Nov 11:00    10 %     judged with 85 %: what an event tells of utilization is what the last look found
look at 2 Nov        85 %     nothing
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expansion_signals.decide.evidence_readings import Observation, observations_in
from expansion_signals.model.amounts import plain
from expansion_signals.model.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.evidence_readings import Observations
    from expansion_signals.decide.remembered import Remembered
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.signals import Signal

_FACT = ("utilization", None)


def observed(remembered: Remembered, reading: Signal) -> tuple[Remembered, Observations]:
    """Return what is remembered of utilization, and the facts of a reading, by what levels have told since."""
    facts = observations_in(reading.data)
    if reading.data["reason"] == "daily":
        return remembered.with_used(None), facts
    told = facts.get(_FACT)
    if reading.data["levels"]:
        return remembered.with_used(None if told is None else _used(told, reading)), facts
    used = remembered.used
    if told is None or used is None or (used["until"] is not None and reading.evidence.time >= used["until"]):
        return remembered, facts
    return remembered, {**facts, _FACT: Observation(Decimal(used["part"]))}


def _used(told: Observation, reading: Signal) -> Mapping[str, Any] | None:
    if told.value is None:
        return None
    return {"part": plain(told.value), "at": reading.evidence.time, "until": _end(reading)}


def _end(reading: Signal) -> Instant | None:
    period = reading.data["levels"][0].get("period")
    return None if period is None else parse_instant(period["end"])
