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

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.detect import note_text
from expansion_signals.detect.firings import Firings
from expansion_signals.detect.wanted import wanted
from expansion_signals.detect.watches import MOST_REMEMBERED, REMEMBERED, Noticed, signal_of, within
from expansion_signals.model.entitlements import is_included
from expansion_signals.model.instants import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule
    from expansion_signals.rules.own_events import OwnEvents

ATTEMPTED = "expansion.feature.attempted.v1"

RE_RENDER: Duration = 30 * SECOND
"""An attempt of a user closer than this to their last counted one is the same screen drawn again (semantics 5.1)."""


@dataclass(slots=True)
class Attempts:
    """Counted attempts by time and user, and each user's last; instants in µs."""

    tries: list[tuple[Instant, str]] = field(default_factory=list)
    last: dict[str, Instant] = field(default_factory=dict)

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


@dataclass(slots=True)
class Gate:
    """What is remembered of one feature of one account.

    `attempts` are by the events that they were told in: under "" the built-in ones, else by the key of a product's own.
    `known` are users whose first attempt is told.
    """

    attempts: dict[str, Attempts] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    firings: Firings = field(default_factory=Firings)

    @classmethod
    def read(cls, text: str) -> Gate:
        """Read what `written` wrote."""
        parts = note_text.read(text)
        return cls(
            {
                origin: Attempts([(time, user) for time, user in tries], dict(last))
                for origin, (tries, last) in parts.get("attempts", {}).items()
            },
            list(parts.get("known", ())),
            Firings.read(parts.get("fired", {})),
        )

    def written(self) -> str:
        """Return it as a note's text."""
        attempts = {origin: [each.tries, each.last] for origin, each in self.attempts.items()}
        return note_text.write(attempts=attempts, known=self.known, fired=self.firings.by_rule)

    def told_in(self, own: OwnEvents | None, time: Instant) -> Attempts:
        """Return the attempts that are told in these events; of events that no rule names any more, they go in time."""
        origin = own.key if own else ""
        self.attempts = {
            key: each
            for key, each in self.attempts.items()
            if key == origin or time - max(each.last.values()) < REMEMBERED
        }
        return self.attempts.setdefault(origin, Attempts())


class Gates:
    """The watch of gated features, a note for each feature. Its rules all look at the same events."""

    events = frozenset({ATTEMPTED})
    signals = frozenset({"feature_gated"})

    def subject(self, event: UsageEvent) -> str:
        """Return the note of the feature that was tried."""
        return f"gate:{event.data['feature']}"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Count an attempt, tell the first of each user, and fire the rules it reaches."""
        feature, user, time = seen.event.data["feature"], seen.event.data["user"], seen.event.time
        gate = Gate.read(text)
        attempts = gate.told_in(seen.rules[0].own, time)
        # What the plan includes was used, and is no gated attempt (semantics 5.4).
        if is_included(seen.catalog, seen.profile, feature) or attempts.is_re_render(user, time):
            return Noticed(text)
        attempts.take(user, time)
        found = [*_first(gate, feature, seen), *_fired(gate, attempts, feature, seen)]
        return Noticed(gate.written(), found)


def _first(gate: Gate, feature: str, seen: Seen) -> Iterator[Signal]:
    """Tell a user's first attempt, once; a late or imported one makes the user known and tells nothing."""
    user = seen.event.data["user"]
    if user in gate.known:
        return
    gate.known = [*gate.known, user][-MOST_REMEMBERED:]
    if any(_is_of(rule, feature) and seen.may_fire(rule) for rule in seen.of("feature_gated")):
        content = {
            "feature": feature,
            "surface": seen.text("surface"),
            "why": f"{user} tried {feature} for the first time",
        }
        yield signal_of("feature.attempted", seen, rule=None, subject=(feature, user), ordinal="1", content=content)


def _fired(gate: Gate, attempts: Attempts, feature: str, seen: Seen) -> Iterator[Signal]:
    for rule in gate.firings.ready(seen, "feature_gated"):
        want = wanted(rule)
        tries = [user for time, user in attempts.tries if within(time, seen.event.time, want.within)]
        users = len(set(tries))
        if _is_of(rule, feature) and want.is_reached(len(tries), users):
            content = {
                "feature": feature,
                "surface": seen.text("surface"),
                "attempts": len(tries),
                "users": users,
                "window": want.window,
                "why": _why(feature, len(tries), users, want.span),
            }
            yield from gate.firings.fire("feature.gated", seen, rule, content, (feature,))


def _is_of(rule: WatchRule, feature: str) -> bool:
    return rule.feature in (None, "*", feature)


def _why(feature: str, attempts: int, users: int, span: str) -> str:
    people = "1 user" if users == 1 else f"{users} users"
    times = "once" if attempts == 1 else f"{attempts} times"
    return f"{people} tried {feature} {times} in {span}; the plan does not include it"
