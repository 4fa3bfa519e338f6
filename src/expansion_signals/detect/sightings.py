"""What was seen of an account lately, to be counted in windows: how often, by whom, and of what.

Sightings of one person and one thing on one day are one entry with a number, so that a note stays small however many
events come. Where a rule has a window of hours, of one hour.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect import note_text
from expansion_signals.detect.firings import Firings
from expansion_signals.detect.wanted import wanted
from expansion_signals.detect.watches import MOST_REMEMBERED
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.windows import bounds, is_of_hours

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from expansion_signals.detect.wanted import Wanted
    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.rules.configuration import WatchRule

MOST_NAMED = 10
"""How many things a payload names."""


class Sighting(NamedTuple):
    """One person and one thing, at the beginning of a UTC day or hour; either is empty where the event names none."""

    at: Instant
    user: str
    thing: str


class Tally(NamedTuple):
    """How often something was seen in a window, by how many people, and what it was, most often seen first."""

    events: int
    users: int
    things: Sequence[str]

    @property
    def named(self) -> list[str]:
        """The things that a payload names."""
        return list(self.things[:MOST_NAMED])


@dataclass(slots=True)
class Sightings:
    """How often each sighting was; what no rule looks back to any more goes, and of too many the oldest."""

    times: dict[Sighting, int] = field(default_factory=dict)
    firings: Firings = field(default_factory=Firings)

    @classmethod
    def read(cls, text: str) -> Sightings:
        """Read what `written` wrote."""
        parts = note_text.read(text)
        times = {Sighting(at, user, thing): times for at, user, thing, times in parts.get("seen", ())}
        return cls(times, Firings.read(parts.get("fired", {})))

    def written(self) -> str:
        """Return it as a note's text."""
        return note_text.write(seen=[[*each, times] for each, times in self.times.items()], fired=self.firings.by_rule)

    def take(self, seen: Seen, thing: str = "", reach: Duration | None = None) -> None:
        """Count the event as one sighting of this thing by its user.

        `reach` is how far back sightings are of use, without it the longest window of the rules.
        """
        sighting = Sighting(beginning(seen), seen.text("user") or "", thing)
        if sighting in self.times:
            self.times[sighting] += 1
            return
        self.times[sighting] = 1
        # A day more, so that an event of yesterday has its whole window.
        reach = DAY + (reach or max(wanted(rule).within for rule in seen.rules))
        newest = max(each.at for each in self.times)
        kept = sorted(each for each in self.times if newest - each.at < reach)[-MOST_REMEMBERED:]
        self.times = {each: self.times[each] for each in kept}

    def knows(self, thing: str) -> bool:
        """Say whether this thing was seen."""
        return any(each.thing == thing for each in self.times)

    def reached(self, seen: Seen, signal: str) -> Iterator[tuple[WatchRule, Wanted, Tally]]:
        """Yield the rules of a signal that do not cool and whose window holds enough, with what it holds."""
        for rule in self.firings.ready(seen, signal):
            want = wanted(rule)
            tally = self.tally(seen.event.time, want.within)
            if want.is_reached(tally.events, tally.users):
                yield rule, want, tally

    def tally(self, now: Instant, window: Duration, of: Container[str] | None = None) -> Tally:
        """Count what lies in the window that ends with `now`; only of these things where they are given."""
        start, end = bounds(now, window)
        counted = {
            each: times
            for each, times in self.times.items()
            if start <= each.at < end and (of is None or each.thing in of)
        }
        by_thing: defaultdict[str, int] = defaultdict(int)
        for each, times in counted.items():
            by_thing[each.thing] += times
        things = sorted((thing for thing in by_thing if thing), key=lambda thing: (-by_thing[thing], thing))
        return Tally(sum(counted.values()), len({each.user for each in counted if each.user}), things)


def beginning(seen: Seen) -> Instant:
    """Return the beginning of the event's UTC day, or of its hour where a rule has a window of hours."""
    hours = any(rule.within is not None and is_of_hours(rule.within) for rule in seen.rules)
    step = HOUR if hours else DAY
    return seen.event.time // step * step
