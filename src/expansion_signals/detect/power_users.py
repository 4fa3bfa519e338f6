"""Power users: accounts among the tenth of their plan that used most on a day (semantics 6.4).

The 90th percentile is the amount of nearest rank: of 20 accounts that of the 18th, in ascending order. Accounts that
used nothing count among them. Rule power_user_reached {meter: calls}, plan `free` with 20 accounts:

    21 Nov        17 accounts used 10, one 40, one 50, one 60: those with 40 and more fire
    22 Nov        the same three: silent for 7 days
    19 accounts   too few to say
    all used 10   silent: what half of the accounts reach is no distinction
    18 of 20 used nothing: the percentile is 0, and who used anything is above it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.days import about, cools, meters_of, signal_of_day
from expansion_signals.detect.why import shown
from expansion_signals.model.amounts import unscale
from expansion_signals.model.instants import DAY
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.detect.days import Day, Told
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.looks import DayUsed
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

PERCENTILE = 90
FEWEST, MOST = 20, 10_000
"""Accounts that a plan must have; up to 10,000 are counted exactly, beyond them nobody is told."""

_HALF = 50
COOLDOWN: Duration = 7 * DAY


class PlanUse(NamedTuple):
    """How many accounts a plan has, and what each used that used any of a meter, ascending."""

    accounts: int
    amounts: Sequence[int]

    @property
    def tells(self) -> bool:
        """Whether the plan has neither too few accounts to say nor too many to count."""
        return FEWEST <= self.accounts <= MOST

    def percentile(self, percent: int) -> int:
        """Return the amount that this part of the accounts used at most: of nearest rank."""
        rank = -(-self.accounts * percent // 100)
        idle = self.accounts - len(self.amounts)
        return self.amounts[rank - idle - 1] if rank > idle else 0

    def is_power_use(self, usage: int) -> bool:
        """Say whether so much reaches the 90th percentile; what half of the accounts reach is no distinction."""
        return usage >= self.percentile(PERCENTILE) and usage > self.percentile(_HALF)


def used_together(parts: Sequence[DayUsed]) -> Mapping[tuple[str, str], PlanUse]:
    """Return what all shards say together, by plan and meter."""
    places = {place for part in parts for place in part.amounts}
    return {
        (plan, meter): PlanUse(
            sum(part.accounts.get(plan, 0) for part in parts),
            sorted(amount for part in parts for amount in part.amounts.get((plan, meter), ())),
        )
        for plan, meter in places
    }


def power_user_reached(rule: WatchRule, day: Day, told: Told) -> Iterator[Signal]:
    """Find an account whose use of the day is at or above the 90th percentile of its plan, once in 7 days."""
    for meter in meters_of(rule, day.catalog):
        use, usage = day.used.get((day.profile.account.plan, meter.key)), day.amounts.get((meter.key, day.number), 0)
        if use is None or not use.tells or not use.is_power_use(usage) or cools(rule, told, day, meter.key, COOLDOWN):
            continue
        told[about(rule, meter.key)] = day.number
        unit = counted(meter.unit, one=usage == 10**meter.precision)
        among = f"among the top {100 - PERCENTILE} % of {use.accounts:,} accounts on {day.profile.account.plan}"
        content = {
            "meter": meter.key,
            "unit": meter.unit,
            "usage": unscale(usage, meter.precision),
            "percentile": str(PERCENTILE),
            "at_least": unscale(use.percentile(PERCENTILE), meter.precision),
            "accounts": use.accounts,
            "why": f"{shown(usage, meter)} {unit} in a day, {among}",
        }
        yield signal_of_day("power_user.reached", rule, day, meter.key, content)
