"""Gated features: attempts on what the plan does not include (semantics 5).

rule {feature: sso, attempts: 3, users: 2, within: 14d, cooldown: 30d}, plan without `sso`

10:00:00  ada tries     the first of ada: `feature.attempted`; 1 attempt, 1 user
10:00:20  ada tries     within 30 s of her last counted attempt: a re-render, not counted
10:00:31  ada tries     2 attempts, 1 user
10:05:00  bob tries     the first of bob; 3 attempts, 2 users: `feature.gated`, its first firing
10:06:00  bob tries     4 attempts, 2 users: silent for 30 days
30 days later, again 3 attempts in 14 days: `feature.gated`, its second firing
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from expansion_signals.detect.watches import MOST_REMEMBERED, REMEMBERED, Noticed, signal_of, within
from expansion_signals.model.instants import DAY, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

ATTEMPTED = "expansion.feature.attempted.v1"

RE_RENDER: Duration = 30 * SECOND
"""An attempt of a user closer than this to their last counted one is the same screen drawn again (semantics 5.1)."""

ATTEMPTS, USERS = 3, 2
"""What a rule asks for that says neither."""

WINDOW: Duration = 14 * DAY
COOLDOWN: Duration = 30 * DAY


@dataclass(slots=True)
class Gate:
    """What is remembered of one feature of one account; instants in µs.

    `tries` are counted attempts, by time and user; `last` is each user's last. `known` are users whose first attempt is
    told. `fired` is how often each rule has fired, and when last.
    """

    tries: list[tuple[Instant, str]] = field(default_factory=list)
    last: dict[str, Instant] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    fired: dict[str, tuple[int, Instant]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Gate:
        """Read what `written` wrote."""
        kept: dict[str, Any] = json.loads(text) if text else {}
        return cls(
            [(time, user) for time, user in kept.get("tries", ())],
            kept.get("last", {}),
            kept.get("known", []),
            {rule: (times, at) for rule, (times, at) in kept.get("fired", {}).items()},
        )

    def written(self) -> str:
        """Return it as a note's text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def is_re_render(self, user: str, time: Instant) -> bool:
        """Say whether an attempt is not counted, because one of the same user was, less than 30 s from it."""
        return user in self.last and abs(time - self.last[user]) < RE_RENDER

    def take(self, user: str, time: Instant) -> None:
        """Count an attempt; what no window reaches any more goes."""
        self.last[user] = max(time, self.last.get(user, time))
        newest = max(self.last.values())
        self.tries = sorted((at, who) for at, who in [*self.tries, (time, user)] if newest - at < REMEMBERED)
        self.tries = self.tries[-MOST_REMEMBERED:]
        self.last = {who: at for who, at in self.last.items() if newest - at < REMEMBERED}


class Gates:
    """The watch of gated features, a note for each feature."""

    events = frozenset({ATTEMPTED})
    signals = frozenset({"feature_gated"})

    def subject(self, event: UsageEvent) -> str:
        """Return the note of the feature that was tried."""
        return f"gate:{event.data['feature']}"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Count an attempt, tell the first of each user, and fire the rules it reaches."""
        feature, user, time = seen.event.data["feature"], seen.event.data["user"], seen.event.time
        gate = Gate.read(text)
        if _is_included(feature, seen) or gate.is_re_render(user, time):
            return Noticed(text)
        gate.take(user, time)
        found = [*_first(gate, feature, seen), *_fired(gate, feature, seen)]
        return Noticed(gate.written(), found)


def _is_included(feature: str, seen: Seen) -> bool:
    """Say whether the plan includes the feature: then it was used, and is no gated attempt (semantics 5.4)."""
    plan = seen.catalog.plans.get(seen.profile.plan) if seen.profile else None
    return plan is not None and feature in plan.includes


def _first(gate: Gate, feature: str, seen: Seen) -> Iterator[Signal]:
    """Tell a user's first attempt, once; a late or imported one makes the user known and tells nothing."""
    user = seen.event.data["user"]
    if user in gate.known:
        return
    gate.known = [*gate.known, user][-MOST_REMEMBERED:]
    if any(seen.may_fire(rule) for rule in _rules(feature, seen)):
        content = {
            "feature": feature,
            "surface": seen.text("surface"),
            "why": f"{user} tried {feature} for the first time",
        }
        yield signal_of("feature.attempted", seen, rule=None, subject=(feature, user), ordinal="1", content=content)


def _fired(gate: Gate, feature: str, seen: Seen) -> Iterator[Signal]:
    for rule in _rules(feature, seen):
        window = rule.within or WINDOW
        tries = [user for time, user in gate.tries if within(time, seen.event.time, window)]
        users = len(set(tries))
        times, last = gate.fired.get(rule.id, (0, None))
        cools = last is not None and abs(seen.event.time - last) < (rule.cooldown or COOLDOWN)
        if _is_reached(rule, len(tries), users) and seen.may_fire(rule) and not cools:
            gate.fired[rule.id] = (times + 1, seen.event.time)
            content = {
                "feature": feature,
                "surface": seen.text("surface"),
                "attempts": len(tries),
                "users": users,
                "window": f"{window // DAY}d",
                "why": _why(feature, len(tries), users, window),
            }
            yield signal_of(
                "feature.gated", seen, rule=rule, subject=(feature,), ordinal=str(times + 1), content=content
            )


def _is_reached(rule: WatchRule, attempts: int, users: int) -> bool:
    """Say whether either number is reached; a rule that names one of them asks for that one alone."""
    named = rule.attempts is not None or rule.users is not None
    wanted_attempts = rule.attempts if named else ATTEMPTS
    wanted_users = rule.users if named else USERS
    return (wanted_attempts is not None and attempts >= wanted_attempts) or (
        wanted_users is not None and users >= wanted_users
    )


def _rules(feature: str, seen: Seen) -> list[WatchRule]:
    return [rule for rule in seen.of("feature_gated") if rule.feature in (None, "*", feature)]


def _why(feature: str, attempts: int, users: int, window: Duration) -> str:
    people = "1 user" if users == 1 else f"{users} users"
    times = "once" if attempts == 1 else f"{attempts} times"
    return f"{people} tried {feature} {times} in {window // DAY} days; the plan does not include it"
