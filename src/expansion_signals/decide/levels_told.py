"""How much of a meter an account uses, and will use by the end of the period, as a signal tells it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.billing import counted_period
from expansion_signals.decide.told import amount_told, window_told
from expansion_signals.model.instants import DAY

if TYPE_CHECKING:
    from expansion_signals.decide.billing import Billing
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.readings import Period
    from expansion_signals.model.signals import Signal

COMFORTABLE = Fraction(4, 5)
"""Usage below this part of its limit leaves room; from here on the usual rules warn."""

_AHEAD: Duration = 30 * DAY
"""How far a stock is looked ahead, and how long a period is of which nobody said when it begins."""

_GROWS = frozenset({"sum", "count"})
"""Aggregations that go on as they began; a maximum or the number of different values does not."""


class Told(NamedTuple):
    """All scaled by the meter's precision; None where the signal does not say it.

    `level` is what has to fit under a limit. `usage` is what is used now and `expected` what will be by the end of the
    period that is charged, where usage goes on as it has.
    """

    level: Fraction | None
    usage: Fraction | None = None
    expected: Fraction | None = None


def told_of(signal: Signal, meter: Meter, limit: int, billing: Billing) -> Told:
    """Return what the signal tells of this meter, whose limit is this.

    limit.reached            its usage; expected: usage x length of the period / time since it began
    usage.run_out_forecast   what it comes to at its daily rate by the end of the period; of a stock, in 30 days
    limit.hit                the limit itself: somebody was refused there
    others                   what was used in some days tells only of a whole period at that pace; of a stock, nothing
    """
    if signal.type == "limit.hit":
        return Told(Fraction(limit))
    told = amount_told(signal, "usage")
    if told is None:
        return Told(None)
    usage, period = told * 10**meter.precision, counted_period(signal, meter)
    if signal.type == "limit.reached":
        return Told(usage, usage, _at_present_pace(usage, meter, period, signal.evidence.time))
    if signal.type == "usage.run_out_forecast":
        rate = (amount_told(signal, "per_day") or 0) * 10**meter.precision
        left = max(0, period.end - signal.evidence.time) if period else _AHEAD
        expected = usage + rate * Fraction(left, DAY)
        return Told(expected, usage, expected if period else None)
    length = _length(meter, billing)
    return Told(None if length is None else usage * Fraction(length, window_told(signal) or DAY))


def _at_present_pace(usage: Fraction, meter: Meter, period: Period | None, now: int) -> Fraction | None:
    if period is None or meter.aggregation not in _GROWS or not period.start < now <= period.end:
        return None
    return usage * Fraction(period.end - period.start, now - period.start)


def _length(meter: Meter, billing: Billing) -> Duration | None:
    """Return how long a counter of this meter counts, as far as days say anything about it."""
    if meter.per == "day":
        return DAY
    if meter.per != "period" or meter.aggregation not in _GROWS:
        return None
    return billing.period.end - billing.period.start if billing.period else _AHEAD
