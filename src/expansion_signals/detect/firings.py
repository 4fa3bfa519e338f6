"""How often rules have fired about one thing, and when last: what a cooldown and the next id hang on (semantics 9.1).

rule with a cooldown of 30 days

1 Nov 10:00   fires: its first firing
30 Nov 10:00  silent: 29 days after it
1 Dec 10:00   fires: its second firing, so another id
1 Dec 09:59   silent, though it comes later: one minute from a firing
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expansion_signals.detect.lateness import told
from expansion_signals.detect.wanted import wanted
from expansion_signals.detect.watches import signal_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule


@dataclass(slots=True)
class Firings:
    """By rule: how often it has fired, and the time of the event that it last fired for."""

    by_rule: dict[str, tuple[int, Instant]] = field(default_factory=dict)

    @classmethod
    def read(cls, part: Mapping[str, Sequence[int]]) -> Firings:
        """Read the part of a note that `by_rule` is."""
        return cls({rule: (times, last) for rule, (times, last) in part.items()})

    def ready(self, seen: Seen, signal: str) -> Sequence[WatchRule]:
        """Return the rules of a signal that do not cool."""
        return [rule for rule in seen.of(signal) if not self._cools(rule, seen.event.time)]

    def fire(
        self, kind: str, seen: Seen, rule: WatchRule, content: Mapping[str, Any], subject: Sequence[str] = ()
    ) -> Iterator[Signal]:
        """Yield the signal of a rule that is reached; from now on, it cools.

        What backfill or a late event reaches is already past: the rule cools, and the signal says so (semantics 3.8).
        """
        if seen.profile is None:
            return
        times, _ = self.by_rule.get(rule.id, (0, 0))
        self.by_rule[rule.id] = (times + seen.may_fire(rule), seen.event.time)
        signal = signal_of(kind, seen, rule=rule, subject=subject, ordinal=str(times + 1), content=content)
        yield from told(signal, rule, seen)

    def _cools(self, rule: WatchRule, time: Instant) -> bool:
        return rule.id in self.by_rule and abs(time - self.by_rule[rule.id][1]) < wanted(rule).cooldown
