"""Sharing grown: content goes to people who are not users, again and again.

rule {signal: sharing_grown}: 5 events within 14 d, `external` only

1 Nov   ada shares outside, 4 times      4
2 Nov   ada shares with a user           not counted
14 Nov  bob shares outside               5: `sharing.grown`, by 2 users; then silent for 30 days
15 Nov, in its place: 1 Nov has left the window, 1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.sightings import Sightings
from expansion_signals.detect.watches import Noticed
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.signals import Signal

CONTENT_SHARED = "expansion.content.shared.v1"


class Sharing:
    """The watch of content shared outside."""

    events = frozenset({CONTENT_SHARED})
    signals = frozenset({"sharing_grown"})

    def subject(self, event: UsageEvent) -> str | None:
        """Return the note of what the account shared outside."""
        return "sharing" if event.data.get("external") else None

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Count what was shared, and fire the rules it reaches."""
        sightings = Sightings.read(text)
        sightings.take(seen)
        found = list(_fired(sightings, seen))
        return Noticed(sightings.written(), found)


def _fired(sightings: Sightings, seen: Seen) -> Iterator[Signal]:
    for rule, want, tally in sightings.reached(seen, "sharing_grown"):
        times = f"{tally.events} {counted('time', one=tally.events == 1)}"
        content = {
            "events": tally.events,
            "users": tally.users,
            "window": want.window,
            "why": f"Content was shared {times} with people outside in {want.span}",
        }
        yield from sightings.firings.fire("sharing.grown", seen, rule, content)
