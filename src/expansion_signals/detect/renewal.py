"""Renewal: the end of a term comes near, with how much of the plan is used by then.

rule renewal_near {within: 90d}, renewal_at 31 Jan 2027 00:00

    1 Nov 23:00   90 days and an hour left: silent
    2 Nov 00:00   exactly 90 days left: `renewal.near`, days_to_renewal 90
    3 Nov         the same term: silent
    31 Jan        a profile brings renewal_at 31 Jan 2028: a new term, told from 2 Nov 2027 on
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.days import about, signal_of_day
from expansion_signals.detect.levels_used import most_used
from expansion_signals.model.amounts import utilization
from expansion_signals.model.instants import DAY, day_of, format_day, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.days import Day, Told
    from expansion_signals.detect.levels_used import Used
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

WITHIN: Duration = 90 * DAY


def renewal_near(rule: WatchRule, day: Day, told: Told) -> Iterator[Signal]:
    """Find a renewal that is near, once per term; the term is the UTC day it is renewed on."""
    renewal = day.profile.account.renewal_at
    if renewal is None or not 0 < renewal - day.now <= (rule.within or WITHIN):
        return
    term = format_day(day_of(renewal))
    if told.get(about(rule)) == term:
        return
    told[about(rule)] = term
    used = most_used(day)
    content = {
        "meter": used.meter.key if used else None,
        "utilization": utilization(used.level, used.limit) if used else None,
        "renewal_at": format_instant(renewal),
        "days_to_renewal": (renewal - day.now) // DAY,
        "why": _why((renewal - day.now) // DAY, used),
    }
    yield signal_of_day("renewal.near", rule, day, "", content, ordinal=term)


def _why(days: int, used: Used | None) -> str:
    left = "1 day" if days == 1 else f"{days} days"
    if used is None:
        return f"the subscription renews in {left}"
    return f"the subscription renews in {left}; {used.level * 100 // used.limit} % of {used.meter.key} is used"
