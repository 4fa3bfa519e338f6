"""Where an account's next event of a meter counts, without asking again.

What an event of a meter adds to hangs on its day, its period, and whether it may still fire. Events that come together
mostly agree in all of it: so it is worked out once, and holds for all that lie within its bounds. What does not, goes
the long way (`asking`).

    event of 10:00, appended 10:01     worked out: events of today in the running period, at most an hour late
    event of 10:02, appended 10:02     within
    event of 08:30, appended 10:02     the long way: it counts quietly
    event of tomorrow                  worked out anew
    backfill                           the long way
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expansion_signals.model.changes import See
from expansion_signals.model.instants import DAY, Duration, Instant, day_of
from expansion_signals.model.lanes import Lane
from expansion_signals.model.periods import closed
from expansion_signals.pipeline.places import counter_for, firing_age, has_lifetime_beside, period_in
from expansion_signals.pipeline.retention import LAG_ALLOWED, kept_after

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.facts import AccountFacts
    from expansion_signals.model.readings import Counter, Period
    from expansion_signals.pipeline.sums import Part
    from expansion_signals.rules.configuration import Configuration

_FOREVER: Duration = 1 << 62
_ACCOUNTS_KEPT = 100_000
"""Some 100 MB with three meters each: above that, all is worked out anew."""

_MEMBERS_KEPT = 1_000_000
"""Some 100 MB as well."""


@dataclass(slots=True)
class Filled:
    """A lane, and what the events of a part come to in it; `event` is the last of them, `appended` when it was."""

    lane: Lane
    part: Part
    event: UsageEvent
    appended: Instant


class Lanes:
    """The lanes of accounts under one configuration, as they were last worked out.

    `acceptance` is how old an event may be at its append time.
    """

    def __init__(self, configuration: Configuration, acceptance: Duration) -> None:
        self.configuration = configuration
        self.acceptance = acceptance
        self._known: dict[str, dict[str, Lane]] = {}
        self._members = 0

    def of(self, account: str) -> dict[str, Lane]:
        """Return the lanes of an account by meter."""
        known = self._known.get(account)
        if known is None:
            if len(self._known) >= _ACCOUNTS_KEPT:
                self.forget()
            known = self._known[account] = {}
        return known

    def applied(self, batches: Iterable[AccountBatch], facts: Iterable[AccountFacts]) -> None:
        """Note which members of `unique` meters the shard holds now: to tell them again would change nothing.

        Not of an account with facts: a rule that waits for something else is to look at every event.
        """
        waiting = {account.account for account in facts}
        for batch in batches:
            for lane, change, _, _ in batch.lanes:
                if type(change) is not See:
                    continue
                if batch.account in waiting:
                    lane.told.clear()
                else:
                    lane.told.update(change.members)
                    self._members += len(change.members)
        if self._members > _MEMBERS_KEPT:
            self.forget()

    def forget(self) -> None:
        """Work out everything anew: what a shard holds is no longer known, or too much to remember."""
        self._known.clear()
        self._members = 0

    def for_events_like(self, event: UsageEvent, meter: Meter, profile: Profile, appended: Instant) -> Lane | None:
        """Return the lane of this event and those like it; None where it must go the long way."""
        period = period_in(meter.per, profile, event.time)
        as_of = profile.level_set(meter.key)
        if meter.dimensions or closed(period, appended) or event.time < (as_of or event.time):
            return None
        counters = [counter_for(meter, period)]
        if has_lifetime_beside(self.configuration, meter):
            counters.insert(0, counter_for(meter, None))
        ages = [firing_age(self.configuration, meter, counter) for counter in counters]
        day = day_of(event.time)
        kept, begin, until = self._kept(meter, profile, period, appended)
        lane = Lane(
            meter,
            profile,
            max(day * DAY, period.start if period else 0, as_of or 0),
            min((day + 1) * DAY, period.end if period else _FOREVER),
            begin,
            min(period.end if period else _FOREVER, until),
            min((age for age in ages if age is not None), default=_FOREVER),
            day,
            [(counter, age is not None) for counter, age in zip(counters, ages, strict=True)],
            *kept,
        )
        return lane if lane.takes(event, appended) else None

    def _kept(
        self, meter: Meter, profile: Profile, period: Period | None, appended: Instant
    ) -> tuple[tuple[Instant, Counter | None], Instant, Instant]:
        """Return what is kept of a meter's counters, and from and until which append time that holds."""
        if period is None:
            return (0, None), 0, _FOREVER
        behind = LAG_ALLOWED + kept_after(meter.per, self.acceptance)
        first = period_in(meter.per, profile, appended - behind)
        assert first is not None  # noqa: S101 -- a meter that has this period has that one
        return kept_from(meter, profile, first), first.start + behind, first.end + behind


def kept_from(meter: Meter, profile: Profile | None, first: Period | None) -> tuple[Instant, Counter | None]:
    """Return from which start on counters of the meter are kept, and the last one that is not (semantics 2.3).

    `first` is the first period whose counter is kept.
    """
    if first is None:
        return (0, None)
    return (first.start, counter_for(meter, period_in(meter.per, profile, first.start - 1)))
