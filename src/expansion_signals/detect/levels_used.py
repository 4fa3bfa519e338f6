"""Where an account's levels stand against its limits when a day has closed."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.periods import period_of
from expansion_signals.model.readings import Counter, Period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.days import Day
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.readings import Limit


class Used(NamedTuple):
    """A meter with a limit, and where it stands; scaled."""

    meter: Meter
    level: int
    limit: int


class Standing(NamedTuple):
    """A level of the period that runs, scaled; `period` is None for a stock, `limit` where none is known."""

    meter: Meter
    level: int
    limit: Limit | None
    period: Period | None


def most_used(day: Day) -> Used | None:
    """Return the meter of which the largest part of its limit is used; None where the plan limits none.

    Of meters that count by the period or without one: what is counted by the hour is full in every busy one.
    """
    found = [used for meter in day.catalog.meters.values() if (used := _used(meter, day))]
    return max(found, key=lambda used: (Fraction(used.level, used.limit), used.meter.key), default=None)


def standings(day: Day) -> Iterator[Standing]:
    """Yield each meter that has a level in the period that runs, in the order of the catalog."""
    for meter in day.catalog.meters.values():
        period = _period(meter, day)
        level = day.levels.get(_counter(meter, period))
        if level is not None:
            limit = limit_in_force(day.catalog, day.profile.account, meter.key)
            yield Standing(meter, level, limit, period)


def _used(meter: Meter, day: Day) -> Used | None:
    limit = limit_in_force(day.catalog, day.profile.account, meter.key)
    if limit is None or not limit.amount or meter.per not in ("period", "never"):
        return None
    return Used(meter, day.levels.get(_counter(meter, _period(meter, day)), 0), limit.amount)


def _counter(meter: Meter, period: Period | None) -> Counter:
    return Counter(meter.key, "", period.start if period else None)


def _period(meter: Meter, day: Day) -> Period | None:
    match meter.per:
        case "never":
            return None
        case "period":
            return period_of(day.profile.anchors, day.profile.account.time_zone, day.now)
        case per:
            length = DAY if per == "day" else HOUR
            return Period(day.now // length * length, (day.now // length + 1) * length)
