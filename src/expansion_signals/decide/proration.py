"""Proration: what a difference in price comes to for the rest of a period that has begun (semantics 7.8).

(new - current) x time left / length of the period, for example from 50 to 100 with 15 of 30 days left: 25.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from expansion_signals.model.instants import day_of

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Period


def share_left(period: Period, instant: Instant, *, by_day: bool = False) -> Fraction:
    """Return which part of the period is left, from 0 to 1, exactly.

    By seconds, with their fractions; `by_day` counts whole UTC days, the present one included.

    period 1 Nov ─ 1 Dec
    22 Nov 00:00    by seconds 9/30      by day 9/30
    22 Nov 12:00    by seconds 8.5/30    by day 9/30
    """
    instant = min(max(instant, period.start), period.end)
    if not by_day:
        return Fraction(period.end - instant, period.end - period.start)
    first, last = day_of(period.start), day_of(period.end - 1)
    return Fraction(max(0, last - day_of(instant) + 1), last - first + 1)


def prorated(difference: Fraction, period: Period, instant: Instant, *, by_day: bool = False) -> Fraction:
    """Return what a difference for the whole period comes to from `instant` to its end; not rounded."""
    return difference * share_left(period, instant, by_day=by_day)
