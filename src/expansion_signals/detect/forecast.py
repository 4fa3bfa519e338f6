"""Forecast: when a limit will be reached, if usage goes on as it has (semantics 6.2).

The rate is the Theil-Sen slope of the level over the last 14 complete days: the median of the slopes between all pairs
of the midnights around them. One day of ten times the usage does not move it.

limit 1,000, period 1 Nov ─ 1 Dec, 40 a day since 1 Nov; rule usage_run_out_forecast {meter: calls}

    7 Nov 03:00   240 used; 6 complete days: too few
    8 Nov 03:00   280 used; 720 left at 40 a day: 18 days, 26 Nov 03:00: `usage.run_out_forecast`
    9 Nov 03:00   320 used; the same date: silent
    12 Nov 03:00  60 a day by now; it moves to 22 Nov, by more than 20 % of the 14 days that were left: told again
    … 30 a day    720 left would last to 2 Dec, beyond the period: silent

Fractions all the way: near a limit nothing is rounded.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, combinations
from math import ceil, lcm
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.days import about, meters_of, signal_of_day
from expansion_signals.detect.growth import rounded
from expansion_signals.detect.why import shown
from expansion_signals.model.amounts import unscale, utilization
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.instants import DAY, format_day, format_instant
from expansion_signals.model.periods import period_of
from expansion_signals.model.readings import Counter
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.days import Day, Told
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Limit, Period
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

DAYS, DAYS_NEEDED = 14, 7
_PARTS = lcm(*range(1, DAYS + 1))
HORIZON: Duration = 30 * DAY

MOVES_BY = Fraction(1, 5)
"""Of what is left, by how much the date must move to be told again."""


class Forecast(NamedTuple):
    """A limit that will be reached: `rate` is the usage of a day, scaled; `period` None for a stock."""

    meter: Meter
    limit: Limit
    level: int
    amount: int
    rate: Fraction
    period: Period | None
    runs_out: Instant


def run_out_forecast(rule: WatchRule, day: Day, told: Told) -> Iterator[Signal]:
    """Find limits that will be reached before the period ends, within 30 days; told again where the date moves."""
    for meter in meters_of(rule, day.catalog):
        forecast = _forecast(meter, day) if meter.per in ("period", "never") else None
        if forecast and _is_news(forecast, told.get(about(rule, meter.key)), day.now):
            told[about(rule, meter.key)] = [_start(forecast), forecast.runs_out]
            yield signal_of_day("usage.run_out_forecast", rule, day, meter.key, _content(forecast, day))


def daily_rate(day: Day, meter: str) -> Fraction | None:
    """Return the Theil-Sen slope of a meter's level, a day; None where fewer than 7 complete days are known."""
    known = [number for number in day.last(DAYS) if day.first is not None and day.first <= number]
    if len(known) < DAYS_NEEDED:
        return None
    levels = accumulate((day.amounts.get((meter, number), 0) for number in known), initial=0)
    pairs = combinations(enumerate(levels), 2)
    # In whole parts of a day: to order a hundred fractions was a third of what a look at an account cost.
    slopes = sorted((later - earlier) * (_PARTS // (then - at)) for (at, earlier), (then, later) in pairs)
    return Fraction(slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2], 2 * _PARTS)


def _forecast(meter: Meter, day: Day) -> Forecast | None:
    limit = limit_in_force(day.catalog, day.profile.account, meter.key)
    rate = daily_rate(day, meter.key)
    if limit is None or limit.amount is None or rate is None or rate <= 0:
        return None
    period = _period(meter, day)
    level = day.levels.get(Counter(meter.key, "", period.start if period else None), 0)
    runs_out = day.now + ceil((limit.amount - level) / rate * DAY)
    end = min(day.now + HORIZON, period.end - 1) if period else day.now + HORIZON
    if level >= limit.amount or runs_out > end:
        return None
    return Forecast(meter, limit, level, limit.amount, rate, period, runs_out)


def _period(meter: Meter, day: Day) -> Period | None:
    if meter.per == "never":
        return None
    return period_of(day.profile.anchors, day.profile.account.time_zone, day.now)


def _start(forecast: Forecast) -> Instant | None:
    return forecast.period.start if forecast.period else None


def _is_news(forecast: Forecast, last: list[Any] | None, now: Instant) -> bool:
    """Say whether nothing was told in this period, or the date has moved by more than 20 % of what was left to it."""
    if last is None or last[0] != _start(forecast):
        return True
    told: Instant = last[1]
    return abs(forecast.runs_out - told) > MOVES_BY * max(0, told - now)


def _content(forecast: Forecast, day: Day) -> dict[str, Any]:
    meter, period, limit = forecast.meter, forecast.period, forecast.amount
    return {
        "meter": meter.key,
        "feature": forecast.limit.feature,
        "unit": meter.unit,
        "usage": unscale(forecast.level, meter.precision),
        "limit": unscale(limit, meter.precision),
        "limit_kind": forecast.limit.kind,
        "utilization": utilization(forecast.level, limit),
        "remaining": unscale(limit - forecast.level, meter.precision),
        "runs_out_at": format_instant(forecast.runs_out),
        "days_left": (forecast.runs_out - day.now) // DAY,
        "per_day": rounded(forecast.rate / 10**meter.precision),
        "period": {"start": format_instant(period.start), "end": format_instant(period.end)} if period else None,
        "why": _why(forecast),
    }


def _why(forecast: Forecast) -> str:
    meter = forecast.meter
    unit = counted(meter.unit, one=forecast.amount == 10**meter.precision)
    rate = Decimal(rounded(forecast.rate / 10**meter.precision))
    used, limit = shown(forecast.level, meter), shown(forecast.amount, meter)
    return (
        f"{used} of {limit} {unit} used; at {rate:,} a day the limit is reached on "
        f"{format_day(forecast.runs_out // DAY)}"
    )
