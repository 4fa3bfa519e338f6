"""Which counter an amount belongs to, and whether it may still fire."""

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
    """Return the counter of this meter for this period."""
    return Counter(meter.key, "", period.start if period else None)


def may_not_fire(age: Duration | None, event: UsageEvent, appended: Instant) -> bool:
    """Say whether the event counts quietly: unwatched, backfill, or too old at its append time (semantics 3.8).

    `age` is the meter's `firing_age`.
    """
    return age is None or event.backfill or appended - event.time > age


def firing_age(configuration: Configuration, meter: Meter) -> Duration | None:
    """Return the longest `max_firing_age` of the rules that watch this meter; None where none does."""
    rules = configuration.limit_rules_by_meter.get(meter.key, ())
    return max((rule.max_firing_age for rule in rules), default=None)
