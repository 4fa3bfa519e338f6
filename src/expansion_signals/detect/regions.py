"""Region added: departments, roles or regions that the account was not used from before.

rule {signal: region_added}: 2 new values within 30 d

1 Oct   ada of `sales` in `emea` is active     the first of the account: nothing was there before, so nothing is new
10 Nov  bob of `legal` in `emea` is active     department legal is new: 1
12 Nov  eve of `legal` in `apac` is active     region apac is new: 2: `region.added`; then silent for 30 days
12 Nov  a product begins to send roles         not new: no role was seen before the window
10 Dec, in place of 12 Nov: legal was first seen 10 Nov and is no longer new, 1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.first_seen import FirstSeen
from expansion_signals.detect.networks import USER_ACTIVE
from expansion_signals.detect.sightings import MOST_NAMED
from expansion_signals.detect.wanted import wanted
from expansion_signals.detect.watches import Noticed
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.signals import Signal

KINDS = ("department", "role", "region")
"""The properties of `user.active` that say from where in a company it is used."""


class Regions:
    """The watch of departments, roles and regions."""

    events = frozenset({USER_ACTIVE})
    signals = frozenset({"region_added"})

    def subject(self, event: UsageEvent) -> str | None:
        """Return the note of where the account is used from."""
        return "regions" if any(event.data.get(kind) for kind in KINDS) else None

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Remember what is seen for the first time, and fire the rules that are reached."""
        known = FirstSeen.read(text)
        values = [(kind, value) for kind in KINDS if (value := seen.text(kind))]
        news = [known.take(kind, value, seen.event.time) for kind, value in values]
        found = list(_fired(known, seen))
        return Noticed(known.written() if any(news) or found else text, found)


def _fired(known: FirstSeen, seen: Seen) -> Iterator[Signal]:
    for rule in known.firings.ready(seen, "region_added"):
        want = wanted(rule)
        new = [(kind, value) for kind in KINDS for value in known.new(kind, seen.event.time, want.within)]
        if want.is_reached(len(new)):
            named = new[:MOST_NAMED]
            values = counted("value", one=len(new) == 1)
            content = {
                "count": len(new),
                "values": [{"kind": kind, "value": value} for kind, value in named],
                "window": want.window,
                "why": f"{len(new)} new {values} within {want.span}: {', '.join(' '.join(each) for each in named)}",
            }
            yield from known.firings.fire("region.added", seen, rule, content)
