"""The use of each meter in the last three whole months, against the three before them.

22 November:   May 100, Jun 110, Jul 120        330    the quarter before
               Aug 130, Sep 140, Oct 160        430    the quarter: 30 % more
               Nov, up to now                    95

Months are those of the UTC calendar: days are kept for two months, and totals of months for thirteen.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import DAY, day_of
from expansion_signals.model.months import Month, month_of
from expansion_signals.model.windows import total_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.catalog import Catalog, Meter
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.standing import AccountStanding

QUARTER = 3


class MeterUse(NamedTuple):
    """What a meter came to, in scaled amounts; None where nothing was counted. `months` are those of both quarters."""

    meter: Meter
    quarter: int | None
    before: int | None
    so_far: int | None
    months: Sequence[tuple[Month, int | None]]

    @property
    def growth(self) -> Fraction | None:
        """By which part the quarter is above the one before; None where there was nothing to grow from."""
        return (
            None
            if self.quarter is None or not self.before or self.before < 0
            else Fraction(self.quarter, self.before) - 1
        )


def days_of_two_quarters(now: Instant) -> range:
    """Return the numbers of the UTC days of both quarters and of the month that runs."""
    first = month_of(day_of(now)).later(-2 * QUARTER)
    return range(first.later(-1).end // DAY, day_of(now) + 1)


def uses_of(standing: AccountStanding, catalog: Catalog, now: Instant) -> Sequence[MeterUse]:
    """Return the use of every meter of which anything was counted in either quarter, or since.

    Of `unique` meters no total is kept: how many differ in a quarter does not follow from how many do in each day.
    """
    used = [_use(meter, standing, now) for meter in catalog.meters.values() if meter.aggregation != "unique"]
    return [use for use in used if use.so_far is not None or any(total is not None for _, total in use.months)]


def _use(meter: Meter, standing: AccountStanding, now: Instant) -> MeterUse:
    running = month_of(day_of(now))
    months = [running.later(-back) for back in range(2 * QUARTER, 0, -1)]
    days = {day: total for (key, day), total in standing.days.items() if key == meter.key}
    totals = {month: _of_month(meter, month, days, standing) for month in (*months, running)}
    return MeterUse(
        meter=meter,
        quarter=_together(meter, totals, months[QUARTER:]),
        before=_together(meter, totals, months[:QUARTER]),
        so_far=totals[running],
        months=[(month, totals[month]) for month in months],
    )


def _of_month(meter: Meter, month: Month, days: Mapping[int, int], standing: AccountStanding) -> int | None:
    kept = standing.months.get((meter.key, month))
    if kept is not None:
        return kept
    return total_of(meter.aggregation, days, range(month.later(-1).end // DAY, month.end // DAY))


def _together(meter: Meter, totals: Mapping[Month, int | None], months: Sequence[Month]) -> int | None:
    known = {place: total for place, month in enumerate(months) if (total := totals[month]) is not None}
    return total_of(meter.aggregation, known, range(len(months)))
