"""Network added: one account is used from several networks.

rule {signal: network_added}: 3 networks within 7 d

1 Nov  ada is active on `berlin`            1
1 Nov  ada again, all day long              1: nothing to remember, the note stays as it is
4 Nov  bob is active on `paris`             2
7 Nov  eve is active on `oslo`              3: `network.added`, berlin, oslo and paris; then silent for 30 days
8 Nov, in its place: `berlin` was last seen 1 Nov and has left the window, 2
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.detect import note_text
from expansion_signals.detect.dimensions import short
from expansion_signals.detect.firings import Firings
from expansion_signals.detect.sightings import MOST_NAMED, beginning
from expansion_signals.detect.wanted import wanted
from expansion_signals.detect.watches import MOST_REMEMBERED, REMEMBERED, Noticed
from expansion_signals.detect.why import counted
from expansion_signals.model.windows import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.signals import Signal

USER_ACTIVE = "expansion.user.active.v1"


@dataclass(slots=True)
class LastSeen:
    """By network: the UTC day that it was last seen on, or the hour where a rule has a window of hours."""

    last: dict[str, Instant] = field(default_factory=dict)
    firings: Firings = field(default_factory=Firings)

    @classmethod
    def read(cls, text: str) -> LastSeen:
        """Read what `written` wrote."""
        parts = note_text.read(text)
        return cls(dict(parts.get("last", {})), Firings.read(parts.get("fired", {})))

    def written(self) -> str:
        """Return it as a note's text."""
        return note_text.write(last=self.last, fired=self.firings.by_rule)

    def take(self, network: str, at: Instant) -> bool:
        """Remember when a network was seen, and say whether that is news.

        What no window reaches any more goes, and of too many what was not seen for longest.
        """
        if self.last.get(network, at - 1) >= at:
            return False
        self.last[network] = at
        newest = max(self.last.values())
        kept = sorted(self.last, key=lambda each: (self.last[each], each))[-MOST_REMEMBERED:]
        self.last = {each: self.last[each] for each in kept if newest - self.last[each] < REMEMBERED}
        return True

    def seen_within(self, window: Duration) -> list[str]:
        """Return the networks seen in the window that ends with the newest sighting."""
        start, _ = bounds(max(self.last.values()), window)
        return sorted(each for each, at in self.last.items() if at >= start)


class Networks:
    """The watch of networks."""

    events = frozenset({USER_ACTIVE})
    signals = frozenset({"network_added"})

    def subject(self, event: UsageEvent) -> str | None:
        """Return the note of the account's networks."""
        return "networks" if event.data.get("network") else None

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Remember a network, and fire the rules that are reached."""
        networks = LastSeen.read(text)
        news = networks.take(short(seen.event.data["network"]), beginning(seen))
        found = list(_fired(networks, seen))
        return Noticed(networks.written() if news or found else text, found)


def _fired(networks: LastSeen, seen: Seen) -> Iterator[Signal]:
    for rule in networks.firings.ready(seen, "network_added"):
        want = wanted(rule)
        used = networks.seen_within(want.within)
        if want.is_reached(len(used)):
            content = {
                "count": len(used),
                "networks": used[:MOST_NAMED],
                "window": want.window,
                "why": f"{len(used)} {counted('network', one=len(used) == 1)} in use within {want.span}",
            }
            yield from networks.firings.fire("network.added", seen, rule, content)
