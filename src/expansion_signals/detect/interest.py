"""Interest grown: another product of the catalog was looked at or searched for again and again.

rule {signal: interest_grown}: 3 events for one product within 14 d

1 Nov   ada looks at `analytics`         1
9 Nov   bob searches for `analytics`     2
10 Nov  bob looks at `billing`           another product: 1
14 Nov  ada looks at `analytics`         3: `interest.grown`, 3 times by 2 users; then silent for 30 days
15 Nov, in its place: 1 Nov has left the window, 2
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

INTEREST_SHOWN = "expansion.interest.shown.v1"


class Interest:
    """The watch of interest in other products, a note for each product."""

    events = frozenset({INTEREST_SHOWN})
    signals = frozenset({"interest_grown"})

    def subject(self, event: UsageEvent) -> str:
        """Return the note of the product."""
        return f"interest:{event.data['product']}"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Count a look or a search, and fire the rules it reaches."""
        sightings = Sightings.read(text)
        sightings.take(seen)
        found = list(_fired(sightings, seen))
        return Noticed(sightings.written(), found)


def _fired(sightings: Sightings, seen: Seen) -> Iterator[Signal]:
    product = seen.event.data["product"]
    for rule, want, tally in sightings.reached(seen, "interest_grown"):
        times = f"{tally.events} {counted('time', one=tally.events == 1)}"
        content = {
            "product": product,
            "events": tally.events,
            "users": tally.users,
            "window": want.window,
            "why": f"The product {product} was looked at {times} in {want.span}",
        }
        yield from sightings.firings.fire("interest.grown", seen, rule, content, (product,))
