"""The watch of activity: what built-in events of low volume say of an account, as far as rules ask for it.

rules that ask for limit_hits and active_users

limit.hit by ada, twice            2 hits, 1 user of that day
user.active, ada, all day long     nothing new: the note stays as it is
feature.used by bob                1 user more; features are not asked for
usage.recorded by eve              not looked at: that is what comes in millions
seat.invited, a guest, by joe      joe is active; a guest is no invite, as for `team_grown`

Late events, backfill and those of an account not yet known count as well, by their own time.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from expansion_signals.detect.activity import NOTE, OF_HEALTH, SENTIMENT_UNIT, TICKETS, Activity, Reach
from expansion_signals.detect.activity_told import ActivityTold
from expansion_signals.detect.admin_features import FEEDBACK_GIVEN
from expansion_signals.detect.gates import ATTEMPTED, RE_RENDER
from expansion_signals.detect.samples import key_of
from expansion_signals.detect.seat_limits import INVITED, SeatLimits
from expansion_signals.detect.support_patterns import TICKET_OPENED
from expansion_signals.detect.traces import reach_of
from expansion_signals.detect.use_cases import FEATURE_USED
from expansion_signals.detect.watches import Noticed
from expansion_signals.model.amounts import plain
from expansion_signals.model.entitlements import features_of_higher_plans, is_included
from expansion_signals.model.events import LIMIT_HIT, USAGE_RECORDED
from expansion_signals.model.identities import SEPARATOR
from expansion_signals.model.instants import DAY, day_of
from expansion_signals.rules.built_in import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.rules.asked_facts import AskedFacts, Criterion

_SCALES = {"nps": (0, 10), "csat": (0, 100)}
"""By kind of feedback, from where to where its scores run: somebody's answer, and stars or a percentage."""

_EVENTS: Mapping[str, frozenset[str]] = {
    "limit_hits": frozenset({LIMIT_HIT}),
    "gated_attempts": frozenset({ATTEMPTED}),
    "gated_users": frozenset({ATTEMPTED}),
    "features_used": frozenset({FEATURE_USED, ATTEMPTED}),
    "next_plan_features": frozenset({FEATURE_USED, ATTEMPTED}),
    "invites": frozenset({INVITED}),
    "active_users": frozenset(EVENT_TYPES) - {USAGE_RECORDED},
    "usage_growth": frozenset(),
}
"""By fact with a window, the types of the events it is counted from: none may be a type that comes in millions."""

_TOLD_BY = SeatLimits.events | {TICKET_OPENED, FEEDBACK_GIVEN}


class ActivityWatch:
    """Watches what is asked for. It judges no rule: it counts for the conditions of all of them."""

    signals: frozenset[str] = frozenset()

    def __init__(self, asked: AskedFacts, criteria: Sequence[Criterion] = ()) -> None:
        self._told = ActivityTold(asked, criteria) if asked.tells else None
        self._reach: Reach = {fact: reach_of(windows) for fact, windows in asked.windows.items()}
        if asked.tells:
            self._reach[TICKETS] = reach_of([OF_HEALTH])
        self.events = frozenset(event for fact in asked.windows for event in _EVENTS[fact])
        if asked.tells:
            self.events |= _TOLD_BY

    def subject(self, _event: UsageEvent) -> str:
        """Return the one note of an account's activity."""
        return NOTE

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Take one event in, and tell what it turns; what one of seats turns is told once the seats are counted."""
        activity = Activity.read(text)
        if not self.take(activity, seen):
            return Noticed(text)
        tells = self._told is not None and seen.event.type not in self._told.events
        found = self._told.tell(activity, seen) if tells and self._told else ()
        return Noticed(activity.written(), found)

    def take(self, activity: Activity, seen: Seen) -> bool:
        """Let an event leave what it says in the note; say whether anything is new."""
        event, user = seen.event, seen.text("user")
        news = activity.since is None or event.time < activity.since
        if news:
            activity.since = event.time
        if user:
            news |= activity.see("active_users", key_of(user), event, self._reach)
        if event.type == LIMIT_HIT:
            return activity.count("limit_hits", event, self._reach) or news
        if event.type in (ATTEMPTED, FEATURE_USED):
            return self._feature(activity, seen) or news
        if event.type == INVITED and not event.data.get("guest"):
            invite = key_of(event.data["invite"])
            known = activity.knows("invites", invite)
            return (not known and activity.see("invites", invite, event, self._reach)) or news
        if TICKETS in self._reach and event.type in (TICKET_OPENED, FEEDBACK_GIVEN):
            return self._felt(activity, event) or news
        return news

    def _feature(self, activity: Activity, seen: Seen) -> bool:
        """Count the use of a feature, or an attempt; an attempt on what the plan includes is a use (semantics 5.4)."""
        event, known = seen.event, seen.catalog.features
        feature = event.data["feature"]
        news = False
        if event.type == ATTEMPTED and not is_included(seen.catalog, seen.profile, feature):
            if not self._reach.keys() & {"gated_attempts", "gated_users", "next_plan_features"}:
                return False
            user = event.data["user"]
            if activity.tries_again(key_of(SEPARATOR.join((feature, user))), event.time, RE_RENDER):
                return False
            news = True
            activity.count("gated_attempts", event, self._reach)
            activity.see("gated_users", key_of(user), event, self._reach)
        else:
            name = feature if feature in known else key_of(feature)
            news |= activity.see("features_used", name, event, self._reach, known)
        return self._next_plan(activity, seen) or news

    def _next_plan(self, activity: Activity, seen: Seen) -> bool:
        """Remember a feature that some plan has; whether it is one of a higher plan may change with the plan."""
        feature, known = seen.event.data["feature"], seen.catalog.features
        if feature not in known:
            return False
        is_higher = feature in features_of_higher_plans(seen.catalog, seen.profile)
        return activity.see("next_plan_features", feature, seen.event, self._reach, known, shows=is_higher)

    def _felt(self, activity: Activity, event: UsageEvent) -> bool:
        """Take what a ticket or a score says of how people feel."""
        if event.type == TICKET_OPENED:
            sentiment = _sentiment(event.data.get("sentiment"))
            if sentiment is not None:
                activity.feel(sentiment, day_of(event.time), self._reach[TICKETS][DAY] // DAY)
            return activity.count(TICKETS, event, self._reach)
        kind = event.data["kind"]
        score = _score(event.data.get("score"), _SCALES[kind]) if kind in _SCALES else None
        return score is not None and activity.score(kind, score, event.time)


def _sentiment(value: int | Decimal | None) -> int | None:
    """Return what a ticket said, from -1 to 1, in ten thousandths."""
    return None if value is None else int((Decimal(value) * SENTIMENT_UNIT).quantize(Decimal(1), ROUND_HALF_UP))


def _score(value: int | Decimal | None, scale: tuple[int, int]) -> str | None:
    """Return a score as a decimal string; None where there is none, or none on its scale."""
    score = None if value is None else Decimal(value)
    if score is None or not scale[0] <= score <= scale[1]:
        return None
    return plain(score.quantize(Decimal("0.0001"), ROUND_HALF_UP))
