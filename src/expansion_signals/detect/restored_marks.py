"""Marks from signals: what a rebuilt shard remembers of each counter (architecture, When Redis loses data).

A signal tells which arms turned and in which generation, so the last one told of an arm says how it stands. One that
was past when it was found tells of no arm: reading the log again finds it anew.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from expansion_signals.model.facts import Marks
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.model.thresholds import Arm, ArmKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.signals import Signal, Told

REACHED, RECOVERED, MILESTONE = "limit.reached", "limit.recovered", "milestone.reached"


def marks_after(signal: Signal, marks: Mapping[Counter, Marks], meters: Mapping[str, Meter]) -> Mapping[Counter, Marks]:
    """Return an account's marks once this signal is remembered; signals come in the order they were published.

    A signal that stands in the log twice changes nothing the second time. One of a meter that the catalog does not
    know any more is nothing that could be judged. Each arm is held: what was appended until it turned is history. That
    of a milestone is not: once it has fired, nothing turns it any more.
    """
    meter = meters.get(signal.data.get("meter", ""))
    if meter is None or signal.type not in (REACHED, RECOVERED, MILESTONE) or "past" in signal.data:
        return marks
    counter = _counter(signal)
    arms = dict(marks[counter].arms if counter in marks else {})
    for place, told in enumerate(signal.arms):
        key = ArmKey(signal.data["rule"]["id"], told.threshold)
        turned = _turned(signal, place, told, arms.get(key, Arm()), meter)
        if turned is not None:
            arms[key] = turned if signal.type == MILESTONE else replace(turned, held=told.appended)
    return {**marks, counter: Marks(_limit(signal, marks.get(counter, Marks()), meter), arms)}


def _limit(signal: Signal, before: Marks, meter: Meter) -> int | None:
    """Return the limit that the counter was judged under; a milestone knows of none."""
    if signal.type == MILESTONE:
        return before.limit
    limit = signal.data["limit"]
    return None if limit is None else _scaled(limit, meter)


def _counter(signal: Signal) -> Counter:
    period = signal.data.get("period")
    return Counter(
        signal.data["meter"], signal.data.get("dimension", ""), parse_instant(period["start"]) if period else None
    )


def _turned(signal: Signal, place: int, told: Told, arm: Arm, meter: Meter) -> Arm | None:
    """Return the arm after this signal; None where a later signal has told of it before."""
    if told.generation < arm.generation:
        return None
    if signal.type == RECOVERED:
        return Arm("armed", told.generation + 1, (*arm.falls, signal.evidence.time))
    crossed = signal.data["crossed"][place]
    if crossed["kind"] != "step":
        return Arm("fired", told.generation, arm.falls)
    step = _scaled(crossed["value"], meter)
    if told.generation == arm.generation and arm.step is not None:
        step = max(step, arm.step)
    return Arm("fired", told.generation, arm.falls, step)


def _scaled(amount: str, meter: Meter) -> int:
    """Scale an amount by today's precision; digits that a meter has given up are cut off."""
    return int(Decimal(amount).scaleb(meter.precision))
