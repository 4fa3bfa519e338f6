"""A trace: how often something happened on each UTC day, or hour, and which events show it best, the last five.

e-1   1 Nov 10:00
e-2   1 Nov 11:00      1 Nov: 2, the first at 10:00
e-3   14 Nov 09:00     14 Nov: 1

14 days at 14 Nov    3 times, from 1 Nov 10:00 to 14 Nov 09:00, by e-1, e-2 and e-3
14 days at 15 Nov    once, on 14 Nov 09:00, by e-3
14 days at 1 Dec     never; it was last seen on 14 Nov 09:00
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.windows import bounds, is_of_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant

MOST_EVIDENCE = 5
"""How many events are named as evidence of a fact: the last ones."""


class Shown(NamedTuple):
    """How often something happened in a window, and what shows it.

    `first` is None and `evidence` empty where nothing did. `last` is the last time ever, though it may have left the
    window.
    """

    times: int = 0
    first: Instant | None = None
    last: Instant | None = None
    evidence: Sequence[str] = ()


@dataclass(slots=True)
class Trace:
    """`steps` has by length of a step (a day, an hour) and by its number how often it happened then, and when first.

    `events` are the last ones by event time, with their ids.
    """

    steps: dict[Duration, dict[int, tuple[int, Instant]]] = field(default_factory=dict)
    events: list[tuple[Instant, str]] = field(default_factory=list)

    @classmethod
    def read(cls, kept: Sequence[Any]) -> Trace:
        """Read what `parts` returned."""
        events, *steps = kept
        read = {
            length: {number: (times, number * length + first) for number, times, first in each}
            for length, each in zip((DAY, HOUR), steps, strict=False)
            if each
        }
        return cls(read, [(time, event) for time, event in events])

    def parts(self) -> Sequence[Any]:
        """Return it as parts of a note; the first time of a step as its distance from the step's beginning."""
        lengths = (DAY, HOUR) if HOUR in self.steps else (DAY,)
        return [
            self.events,
            *(
                [
                    [number, times, first - number * length]
                    for number, (times, first) in self.steps.get(length, {}).items()
                ]
                for length in lengths
            ),
        ]

    def take(self, event: UsageEvent, reach: Mapping[Duration, Duration]) -> None:
        """Count an event; `reach` says by length of a step how far back these are of use."""
        time = event.time
        for length in reach:
            steps = self.steps.setdefault(length, {})
            times, first = steps.get(time // length, (0, time))
            steps[time // length] = (times + 1, min(first, time))
        self.steps = {length: _kept(self.steps[length], reach[length] // length) for length in reach}
        self.events = sorted({*self.events, (time, event.id)})[-MOST_EVIDENCE:]

    def shown(self, now: Instant, window: Duration) -> Shown:
        """Return what lies in the window that ends with `now` (semantics 2.5)."""
        steps = steps_of(now, window)
        found = [each for number, each in self.steps.get(length_of(window), {}).items() if number in steps]
        start, end = bounds(now, window)
        return Shown(
            sum(times for times, _ in found),
            min((first for _, first in found), default=None),
            self.events[-1][0] if self.events else None,
            [event for time, event in self.events if start <= time < end],
        )


def length_of(window: Duration) -> Duration:
    """Return the length of the steps in which a window counts: hours below 48 h, days from there on."""
    return HOUR if is_of_hours(window) else DAY


def steps_of(now: Instant, window: Duration) -> range:
    """Return the numbers of the UTC days, or hours, of the window that ends with `now`."""
    start, end = bounds(now, window)
    return range(start // length_of(window), end // length_of(window))


def reach_of(windows: Iterable[Duration]) -> Mapping[Duration, Duration]:
    """Return by length of a step how far back steps are of use to these windows.

    A day more than the longest, so that an event of yesterday has its whole window.
    """
    by_length: dict[Duration, Duration] = {}
    for window in windows:
        length = length_of(window)
        whole = -(-window // length) * length + DAY
        by_length[length] = max(whole, by_length.get(length, 0))
    return dict(sorted(by_length.items(), reverse=True))


def _kept(steps: dict[int, tuple[int, Instant]], reach: int) -> dict[int, tuple[int, Instant]]:
    newest = max(steps)
    return {number: each for number, each in steps.items() if newest - number < reach}
