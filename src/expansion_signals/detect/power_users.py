"""Power users: accounts among the tenth of their plan that used most on a day (semantics 6.4).

The 90th percentile is the amount of nearest rank: of 20 accounts that of the 18th, in ascending order. Accounts that
used nothing count among them. Rule power_user_reached {meter: calls}, plan `free` with 20 accounts:

    21 Nov        17 accounts used 10, one 40, one 50, one 60: those with 40 and more fire
    22 Nov        the same three: silent for 7 days
    19 accounts   too few to say
    20,000        amounts are rounded: 1,000 to 1,003 count as 1,000, and the percentile is an estimate
    all used 10   silent: what half of the accounts reach is no distinction
    18 of 20 used nothing: the percentile is 0, and who used anything is above it
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.days import about, cools, meters_of, signal_of_day
from expansion_signals.detect.why import shown
from expansion_signals.model.amounts import unscale
from expansion_signals.model.day_used import EXACT_ACCOUNTS, rounded
from expansion_signals.model.instants import DAY
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.detect.days import Day, Told
    from expansion_signals.model.day_used import DayUsed
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

PERCENTILE = 90
FEWEST = 20
"""Accounts that a plan must have for a percentile to say anything."""

_HALF = 50
COOLDOWN: Duration = 7 * DAY


class PlanUse(NamedTuple):
    """How many accounts a plan has, and the percentiles of what they used of a meter, scaled."""

    accounts: int
    at_least: int
    half: int

    @property
    def tells(self) -> bool:
        """Whether the plan has enough accounts to say."""
        return self.accounts >= FEWEST

    @property
    def estimated(self) -> bool:
        """Whether the percentiles are of rounded amounts: each is at most 0.8 % below the exact one."""
        return self.accounts > EXACT_ACCOUNTS

    def is_power_use(self, usage: int) -> bool:
        """Say whether so much reaches the 90th percentile; what half of the accounts reach is no distinction.

        Where percentiles are estimated, so is this: amounts that are rounded to the same are not told apart. So nobody
        at or above the exact percentile is missed, unless it is rounded to the same as the median; and who is told
        may lie up to 0.8 % below it.
        """
        standing = rounded(usage) if self.estimated else usage
        return standing >= self.at_least and standing > self.half


def plan_use(accounts: int, amounts: Mapping[int, int]) -> PlanUse:
    """Return the percentiles of a plan with so many accounts; `amounts` has how many of them used which amount."""
    return PlanUse(accounts, *_nearest_ranks(accounts, amounts, PERCENTILE, _HALF))


def plan_uses(used: DayUsed) -> Mapping[tuple[str, str], PlanUse]:
    """Return the percentiles by plan and meter."""
    return {(plan, meter): plan_use(used.accounts[plan], each) for (plan, meter), each in used.amounts.items()}


def _nearest_ranks(accounts: int, amounts: Mapping[int, int], *percents: int) -> Iterator[int]:
    ascending = sorted(amounts)
    idle = accounts - sum(amounts.values())
    ranks = [*accumulate((amounts[amount] for amount in ascending), initial=idle)]
    for percent in percents:
        yield [0, *ascending][bisect_left(ranks, -(-accounts * percent // 100))]


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
            "at_least": unscale(use.at_least, meter.precision),
            "accounts": use.accounts,
            **({"approximate": True} if use.estimated else {}),
            "why": f"{shown(usage, meter)} {unit} in a day, {among}",
        }
        yield signal_of_day("power_user.reached", rule, day, meter.key, content)
