"""What is published of a limit: identities, keys and payload (semantics 9.1, interfaces: Data of a trigger)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.why import why
from expansion_signals.model.amounts import plain, unscale, utilization
from expansion_signals.model.held_out import held_out
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import format_instant
from expansion_signals.model.kinds import LIMIT
from expansion_signals.model.signals import Signal, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expansion_signals.model.readings import Cause, Reading
    from expansion_signals.model.thresholds import Threshold
    from expansion_signals.rules.configuration import ThresholdRule


class Crossing(NamedTuple):
    """A threshold that was reached, or left downwards, at the place `at` in the arm generation `generation`."""

    threshold: Threshold
    at: int
    generation: int
    cause: Cause


class Writer(NamedTuple):
    """How a judgement is told: the one signal of a rule for its crossings, and the one for a threshold left by a fall.

    Both take the rule, the reading and the usage it ends at.
    """

    reached: Callable[[ThresholdRule, Reading, int, Sequence[Crossing]], Signal]
    recovered: Callable[[ThresholdRule, Reading, int, Crossing], Signal]


def reached(rule: ThresholdRule, reading: Reading, usage: int, crossings: Sequence[Crossing]) -> Signal:
    """Return the one signal of a rule for these crossings, ascending: the highest gives threshold, id and cause."""
    highest = crossings[-1]
    keys = tuple(key_of("limit_reached", rule, reading, crossing) for crossing in crossings)
    return Signal(
        # A plain threshold's key is the id of a signal of it.
        id=signal_id("limit_reached", rule, reading, highest) if highest.threshold.kind == "step" else keys[-1],
        type="limit.reached",
        account=reading.account,
        evidence=reading.evidence,
        data=_content(rule, reading, usage, highest, crossings),
        keys=keys,
        arms=tuple(_told(reading, crossing) for crossing in crossings),
        shadow=rule.shadow,
    )


def recovered(rule: ThresholdRule, reading: Reading, usage: int, crossing: Crossing) -> Signal:
    """Return the signal that a fall armed this threshold again; nothing is decided on it, so it has no keys."""
    return Signal(
        id=signal_id("limit_recovered", rule, reading, crossing),
        type="limit.recovered",
        account=reading.account,
        evidence=reading.evidence,
        data=_content(rule, reading, usage, crossing, ()),
        arms=(_told(reading, crossing),),
        shadow=rule.shadow,
    )


LIMITS = Writer(reached, recovered)
"""What is told of a meter's limit."""


def _told(reading: Reading, crossing: Crossing) -> Told:
    return Told(str(crossing.threshold), crossing.generation, reading.appended)


def signal_id(kind: str, rule: ThresholdRule, reading: Reading, crossing: Crossing) -> str:
    """Return the id of a signal of this kind whose highest crossing this is (semantics 9.1)."""
    threshold = str(crossing.threshold)
    if crossing.threshold.kind == "step":
        threshold = f"{threshold}: {_value(reading, crossing)}"
    return _hash(kind, rule, reading, threshold, crossing.generation)


def key_of(kind: str, rule: ThresholdRule, reading: Reading, crossing: Crossing) -> str:
    """Return what is decided once. A step's key names its series and its usage, so that it covers every lower step."""
    if crossing.threshold.kind != "step":
        return signal_id(kind, rule, reading, crossing)
    series = _hash(kind, rule, reading, str(crossing.threshold), crossing.generation)
    return f"{series}:{_value(reading, crossing)}"


def _hash(kind: str, rule: ThresholdRule, reading: Reading, threshold: str, generation: int) -> str:
    start = format_instant(reading.period.start) if reading.period else ""
    subject = (reading.meter.key, reading.dimension)
    return identity_of(kind, rule.id, reading.account, *subject, start, threshold, str(generation))


def _content(
    rule: ThresholdRule, reading: Reading, usage: int, crossing: Crossing, crossings: Sequence[Crossing]
) -> dict[str, Any]:
    content = {
        "rule": {"id": rule.id, "version": rule.version},
        "family": LIMIT.name,
        "plan": reading.profile.plan if reading.profile else None,
        "user": reading.evidence.user,
        "meter": reading.meter.key,
        "unit": reading.meter.unit,
        **_amounts(reading, usage),
        "threshold": {**crossed(reading, crossing), "comparison": ">="},
        "crossed": [crossed(reading, each) for each in crossings],
        "period": _period(reading),
        "cause": crossing.cause,
        "session": reading.evidence.session,
        "why": why(reading, usage),
        "account": reading.profile.document() if reading.profile else None,
    }
    # A sketch says so: the number is an estimate (semantics 2.5, `EXACT_MEMBERS`).
    approximate = {"approximate": True} if reading.estimated else {}
    of_dimension = {"dimension": reading.dimension} if reading.dimension else {}
    return {**content, **approximate, **of_dimension, **held_out(rule.id, rule.holdout, reading.account)}


def _amounts(reading: Reading, usage: int) -> dict[str, str | None]:
    """Return usage against the limit; what needs a limit is null where there is none, or where it is unlimited."""
    limit, precision = reading.limit, reading.meter.precision
    amount = limit.amount if limit else None
    return {
        "feature": limit.feature if limit else None,
        "usage": unscale(usage, precision),
        "limit": None if amount is None else unscale(amount, precision),
        "limit_kind": limit.kind if limit else None,
        "utilization": utilization(usage, amount),
        "remaining": None if amount is None else unscale(max(0, amount - usage), precision),
        "overage": "0" if amount is None else unscale(max(0, usage - amount), precision),
    }


def crossed(reading: Reading, crossing: Crossing) -> dict[str, str]:
    """Return a threshold as payloads name it."""
    return {"kind": crossing.threshold.kind, "value": _value(reading, crossing)}


def _value(reading: Reading, crossing: Crossing) -> str:
    """Return the threshold's value; a step's is the absolute usage at which it stands (semantics 3.1)."""
    if crossing.threshold.kind == "step":
        return unscale(crossing.at, reading.meter.precision)
    return plain(crossing.threshold.value)


def _period(reading: Reading) -> dict[str, str] | None:
    if reading.period is None:
        return None
    return {"start": format_instant(reading.period.start), "end": format_instant(reading.period.end)}
