"""Which counter an amount belongs to, and whether it may still fire (semantics 2.3, 2.6, 3.8).

An event of 25 Oct 2026, 22:30Z, of an account in Europe/Berlin, where that day has 25 hours:

    per: period   monthly from 31 Jan   [29 Sep 22:00Z, 30 Oct 23:00Z)    30 Sep 00:00 CEST ─ 31 Oct 00:00 CET
    per: period   daily from 1 Jan      [24 Oct 22:00Z, 25 Oct 23:00Z)    25 Oct on the wall, which has 25 hours
    per: day                            [25 Oct 00:00Z, 26 Oct 00:00Z)    days are those of UTC
    per: hour                           [25 Oct 22:00Z, 25 Oct 23:00Z)
    per: never                          no period

What becomes of an event of 10:00, by when the broker appended it; `max_firing_age` is 1 h, the acceptance window 24 h:

    09:54:59            dead letter `in_future`: more than 5 min ahead
    09:55:00 ─ 11:00    counts and may fire
    11:00:00.000001 on  counts quietly: thresholds that it passes are already past
    10:00 the next day  the same
    later               dead letter `too_old`

Where its period ends in between, it corrects that period's counter from the end on, and fires nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY, HOUR, day_of, hour_of
from expansion_signals.model.periods import period_of
from expansion_signals.model.readings import Counter, Period

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Meter, Per
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.rules.configuration import Configuration


def period_in(per: Per, profile: Profile | None, instant: Instant) -> Period | None:
    """Return the period that a level is counted for at this instant; None for a stock that no period resets.

    Days and hours are those of UTC (semantics 2.5). Without a profile there are no periods to count for.
    """
    match per:
        case "period":
            return period_of(profile.anchors, profile.account.time_zone, instant) if profile else None
        case "day":
            return Period(day_of(instant) * DAY, (day_of(instant) + 1) * DAY)
        case "hour":
            return Period(hour_of(instant) * HOUR, (hour_of(instant) + 1) * HOUR)
        case "never":
            return None


def counter_for(meter: Meter, period: Period | None) -> Counter:
    """Return the counter of this meter for this period; without one, that of a stock, or of the account's life."""
    return Counter(meter.key, "", period.start if period else None)


def may_not_fire(age: Duration | None, event: UsageEvent, appended: Instant) -> bool:
    """Say whether the event counts quietly: unwatched, backfill, or too old at its append time (semantics 3.8).

    `age` is the meter's `firing_age`.
    """
    return age is None or event.backfill or appended - event.time > age


def has_lifetime_beside(configuration: Configuration, meter: Meter) -> bool:
    """Say whether the meter is counted over the account's life beside its periods: where a milestone rule watches it.

    That counter has no period. Nor has the one of a stock, which is counted over the account's life as it is (6.3).
    """
    return meter.per != "never" and meter.key in configuration.milestone_ages


def firing_age(configuration: Configuration, meter: Meter, counter: Counter) -> Duration | None:
    """Return the longest `max_firing_age` of the rules that look at this counter of the meter; None where none does."""
    limits, milestones = configuration.limit_ages, configuration.milestone_ages
    if counter.start is not None:
        return limits.get(meter.key)
    if meter.per != "never":
        return milestones.get(meter.key)
    return _longest(limits.get(meter.key), milestones.get(meter.key))


def firing_age_of_hours(configuration: Configuration, meter: Meter) -> Duration | None:
    """Return the same for hour buckets, which become counters of both kinds once the profile comes."""
    return _longest(configuration.limit_ages.get(meter.key), configuration.milestone_ages.get(meter.key))


def _longest(first: Duration | None, second: Duration | None) -> Duration | None:
    return second if first is None else max(first, second or 0)
