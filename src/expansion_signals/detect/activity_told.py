"""When a reading is told: where an event, or a new profile, turns what a criterion compares, and once a closed day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.account_reading import Occasion, have_turned, reading_of, truths_of
from expansion_signals.detect.activity import NOTE, Activity
from expansion_signals.detect.activity_facts import ActivityFacts
from expansion_signals.detect.days import SOURCE
from expansion_signals.detect.levels_used import standings
from expansion_signals.detect.seat_limits import SeatLimits, occupancy_at
from expansion_signals.detect.watches import Noticed, Seen
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import HOUR, format_day
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.truth import Known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expansion_signals.detect.days import Day
    from expansion_signals.detect.watches import Updated
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.asked_facts import AskedFacts, Criterion

_OLDEST: Duration = HOUR
"""How old an event may be and still cause a reading, as rules have it where they say nothing else (semantics 3.8)."""


class ActivityTold:
    """Looks at the note of activity after others have changed what is known beside it: seats, or the profile."""

    events = SeatLimits.events
    signals: frozenset[str] = frozenset()
    note = NOTE

    def __init__(self, asked: AskedFacts, criteria: Sequence[Criterion]) -> None:
        self._asked = asked
        self._criteria = criteria

    def subject(self, _event: UsageEvent) -> str:
        """Return the one note of an account's activity."""
        return NOTE

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Tell what an event of seats has turned."""
        return self._noticed(text, seen)

    def updated(self, text: str, change: Updated) -> Noticed:
        """Tell what a profile has turned."""
        return self._noticed(text, change)

    def tell(self, activity: Activity, seen: Seen | Updated) -> Sequence[Signal]:
        """Return the reading, if a comparison has turned; it is remembered in the note."""
        late = seen.appended - seen.evidence.time > _OLDEST
        if seen.profile is None or late or (isinstance(seen, Seen) and seen.event.backfill):
            return []
        at = max(seen.evidence.time, activity.newest)
        seats = occupancy_at(seen.notes[SEATS], seen.profile, seen.catalog, at)
        facts = ActivityFacts(activity, seen.profile, seen.catalog, at, seats)
        assert seen.known is not None  # noqa: S101 -- whoever has notes read knows what they tell
        known = seen.known._replace(at=at, lately=facts, utilization=facts.utilization)
        truths = truths_of(self._criteria, known)
        if not have_turned(truths, activity.truths):
            return []
        activity.truths = truths
        carrier = "event" if isinstance(seen, Seen) else "update"
        ordinal = (carrier, seen.evidence.source, seen.evidence.id)
        occasion = Occasion(seen.account, "evidence", ordinal, seen.evidence)
        return [reading_of(occasion, known, facts, self._asked.told)]

    def _noticed(self, text: str, seen: Seen | Updated) -> Noticed:
        activity = Activity.read(text)
        found = self.tell(activity, seen)
        return Noticed(activity.written() if found else text, found)


def daily_reading(
    activity: Activity, day: Day, seats: str, asked: AskedFacts, criteria: Sequence[Criterion]
) -> Iterator[Signal]:
    """Tell of a closed day, once, where anything was ever counted or seen; `seats` is the text of their note.

    All that stands when the day is looked at is told, of the day that runs as well.
    """
    already = activity.told_day is not None and activity.told_day >= day.number
    if already or (day.first is None and not day.levels and not activity.traces):
        return
    profile, catalog = day.profile.account, day.catalog
    at = max(day.now, activity.newest)
    occupancy = occupancy_at(seats, profile, catalog, at)
    facts = ActivityFacts(activity, profile, catalog, at, occupancy)
    used = occupancy.used if occupancy else None
    known = Known(profile, catalog.currency, at, facts.utilization, used, lately=facts)
    activity.told_day, activity.truths = day.number, truths_of(criteria, known)
    closed = format_day(day.number)
    occasion = Occasion(day.account, "daily", (closed,), Evidence(f"day:{closed}", SOURCE, day.over))
    yield reading_of(occasion, known, facts, asked.told, standings(day))
