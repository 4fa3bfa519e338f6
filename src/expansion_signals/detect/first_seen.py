"""What an account was seen with for the first time, and when: what is new, told from what was there before.

New is what was first seen in a window, if something of its kind was seen before the window began: with the first
events of an account, or of a property that a product begins to send, everything would be new.

window of 14 days, features

1 Nov   `tasks` is seen: nothing is known of before, so it is not new
20 Nov  `exports` is seen: new, because `tasks` was seen before 7 Nov
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.detect import note_text
from expansion_signals.detect.dimensions import short
from expansion_signals.detect.firings import Firings
from expansion_signals.detect.watches import MOST_REMEMBERED
from expansion_signals.model.instants import HOUR
from expansion_signals.model.windows import bounds

if TYPE_CHECKING:
    from expansion_signals.model.instants import Duration, Instant


@dataclass(slots=True)
class FirstSeen:
    """By kind and value: the hour of the first sighting.

    Nothing goes: what was forgotten would be new again. Of a kind of which `MOST_REMEMBERED` values are known, no
    further one is taken, and none is new.
    """

    hours: dict[str, dict[str, Instant]] = field(default_factory=dict)
    firings: Firings = field(default_factory=Firings)

    @classmethod
    def read(cls, text: str) -> FirstSeen:
        """Read what `written` wrote."""
        parts = note_text.read(text)
        return cls(dict(parts.get("first", {})), Firings.read(parts.get("fired", {})))

    def written(self) -> str:
        """Return it as a note's text."""
        return note_text.write(first=self.hours, fired=self.firings.by_rule)

    def take(self, kind: str, value: str, time: Instant) -> bool:
        """Remember a value, or that it was seen before its first sighting so far; say whether that is news."""
        values, value, hour = self.hours.setdefault(kind, {}), short(value), time // HOUR * HOUR
        news = hour < values[value] if value in values else len(values) < MOST_REMEMBERED
        if news:
            values[value] = hour
        return news

    def new(self, kind: str, now: Instant, window: Duration) -> list[str]:
        """Return the values that are new in the window that ends with `now`, in the order of their first sightings."""
        values = self.hours.get(kind, {})
        start, end = bounds(now, window)
        if min(values.values(), default=end) >= start:
            return []
        return [
            value for first, value in sorted((first, value) for value, first in values.items()) if start <= first < end
        ]
