"""What will be heard of, as far as that can be told beforehand: it goes alone at once, and no poll is refused for it.

    a level that passes its counter's guard       heard
    a counter that has no guard yet               heard: nobody has judged it
    an event of a type that was mostly heard of   heard
    anything else                                 silent

A wrong guess costs time and nothing else: those that share a poll are listened to all the same (`testing.silence`).
"""

from __future__ import annotations

from collections import Counter as Tally
from typing import TYPE_CHECKING

from expansion_signals.pipeline.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from expansion_signals.detect.metering import Contribution
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.lanes import Lane
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.thresholds import Guard
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.state.memory_account import KeptAccount

_REMEMBERED = 20
"""Events of a type after which a guess turns round: what a product does changes."""


class Foresight:
    """Guesses by what is `kept` of an account, and by what came of events like it."""

    def __init__(self, configuration: Configuration, acceptance: Duration, kept: Callable[[str], KeptAccount]) -> None:
        self._lanes = Lanes(configuration, acceptance)
        self._kept = kept
        self._levels: dict[tuple[str, Counter], tuple[int, Guard]] = {}
        self._heard: Tally[str] = Tally()

    def hears(self, event: UsageEvent, fed: Sequence[Contribution], appended: Instant) -> bool:
        """Say whether something will be published of the event; if not, its levels stand where it leaves them."""
        if self._heard[event.type] > 0:
            return True
        return any(self._passes(event, meter, amount, appended) for meter, amount in fed)

    def begin(self) -> None:
        """Begin with the levels that are kept: all that was guessed about has come."""
        self._levels.clear()

    def was_heard(self, event: UsageEvent, *, heard: bool) -> None:
        """Take note of what came of an event that went alone."""
        self._heard[event.type] = min(self._heard[event.type] + 1, _REMEMBERED) if heard else self._less(event.type, 1)

    def were_silent(self, events: Iterable[UsageEvent]) -> None:
        """Take note of events of which nothing came."""
        for event_type, times in Tally(event.type for event in events).items():
            self._heard[event_type] = self._less(event_type, times)

    def _less(self, event_type: str, times: int) -> int:
        return max(self._heard[event_type] - times, -_REMEMBERED)

    def _passes(self, event: UsageEvent, meter: Meter, amount: int, appended: Instant) -> bool:
        lane = self._lane(event, meter, appended) if meter.aggregation in ("sum", "count") else None
        for counter, watched in lane.counters if lane is not None else ():
            if watched:
                standing = self._levels.get((event.account, counter)) or self._standing(event.account, counter)
                if standing is None:
                    return True
                level, guard = standing[0] + amount, standing[1]
                if guard.passed(level):
                    return True
                self._levels[event.account, counter] = level, guard
        return False

    def _standing(self, account: str, counter: Counter) -> tuple[int, Guard] | None:
        """Return where a counter stands and its guard; None where it has none."""
        kept = self._kept(account)
        level, guarded = kept.levels.get(counter), kept.guards.get(counter)
        return None if level is None or guarded is None else (level.amount, guarded[1])

    def _lane(self, event: UsageEvent, meter: Meter, appended: Instant) -> Lane | None:
        profile, known = self._kept(event.account).profile, self._lanes.of(event.account)
        if profile is None:
            return None
        lane = known.get(meter.key)
        if lane is None or lane.profile is not profile or not lane.takes(event, appended):
            lane = self._lanes.for_events_like(event, meter, profile, appended)
            if lane is not None:
                known[meter.key] = lane
        return lane
