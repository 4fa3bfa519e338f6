"""The days before: what the simulated customers used until yesterday, as a product that adopts would know it.

A customer goes on as it always did, grows, falls, or fills up what it has. Today's usage is not in it: that is lived.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.local.customers import entitlement_to
from expansion_signals.model.amounts import plain
from expansion_signals.model.instants import DAY, day_of, format_day

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Sequence

    from expansion_signals.local.customers import Customer, Habit
    from expansion_signals.model.catalog import Catalog, Meter
    from expansion_signals.model.instants import Instant

_MONTH = 30
_UNLIMITED = (600.0, 6_000.0)
"""Units a month of a customer whom no limit holds."""

_UNEVEN = 0.05


class DayUse(NamedTuple):
    """What a customer used of a meter on a UTC day, by its number."""

    account: str
    meter: Meter
    day: int
    value: Decimal


class _Course(NamedTuple):
    """How usage went: for so many days, a share of the limit a month; since `turned` days ago times `factor`.

    No share is so large that the limit is reached by now.
    """

    weight: int
    days: int
    share: tuple[float, float]
    turned: int = 0
    factor: float = 1.0


_COURSES = (
    _Course(12, 16, (0.2, 0.4)),
    _Course(4, 16, (0.55, 0.7), turned=7, factor=1.6),
    _Course(3, 16, (1.4, 1.5)),
    _Course(1, 61, (0.4, 0.5), turned=30, factor=0.5),
)
"""As ever, growing, filling up, falling: a day more than the windows that each is judged by."""


def days_before(catalog: Catalog, habits: Iterable[Habit], now: Instant, chance: random.Random) -> Sequence[DayUse]:
    """Return what was used of meters that sum, up to yesterday; it counts as used by the customers."""
    lived = [use for habit in habits if habit.meter.aggregation == "sum" for use in _days(catalog, habit, now, chance)]
    accounts = {habit.customer.account: habit.customer for habit in habits}
    for use in lived:
        _count(accounts[use.account], use)
    return lived


def lines_of(days: Iterable[DayUse]) -> Iterator[bytes]:
    """Yield the lines of a file that `expansion-signals import` takes."""
    for use in days:
        line = {"account": use.account, "meter": use.meter.key, "day": format_day(use.day), "value": plain(use.value)}
        yield json.dumps(line).encode()


def _days(catalog: Catalog, habit: Habit, now: Instant, chance: random.Random) -> Iterator[DayUse]:
    [course] = chance.choices(_COURSES, [course.weight for course in _COURSES])
    right = entitlement_to(catalog, habit.customer.plan, habit.meter)
    limit = right.limit if right is not None else None
    month = chance.uniform(*_UNLIMITED) if limit is None else float(limit) * chance.uniform(*course.share)
    smallest, today = Decimal(1).scaleb(-habit.meter.precision), day_of(now)
    for back in range(course.days, 0, -1):
        usual = month / _MONTH * chance.uniform(1 - _UNEVEN, 1 + _UNEVEN)
        value = Decimal(usual * (course.factor if back <= course.turned else 1.0)).quantize(smallest)
        yield DayUse(habit.customer.account, habit.meter, today - back, value)


def _count(customer: Customer, use: DayUse) -> None:
    """Count a day for the period that runs, or for good where nothing resets the meter."""
    if use.meter.per == "never" or use.day * DAY >= customer.anchor:
        customer.used[use.meter.key] = customer.used.get(use.meter.key, Decimal()) + use.value
