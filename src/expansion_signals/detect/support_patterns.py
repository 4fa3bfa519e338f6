"""Support pattern found: people ask for help with what a higher plan includes and theirs does not.

rule {signal: support_pattern_found}: 2 tickets within 30 d; plan `free`, `sso` is in `pro`

1 Nov   a ticket about `sso`          1
2 Nov   a ticket about `dashboards`   not counted: `free` includes it
30 Nov  a ticket about `sso`          2: `support_pattern.found`; then silent for 30 days
1 Dec, in its place: 1 Nov has left the window, 1

Tickets are counted under the plan of the moment: after an upgrade to `pro`, those about `sso` are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.sightings import Sightings
from expansion_signals.detect.wanted import wanted
from expansion_signals.detect.watches import Noticed
from expansion_signals.detect.why import counted
from expansion_signals.model.entitlements import features_of_higher_plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.signals import Signal

TICKET_OPENED = "expansion.support.ticket_opened.v1"


class SupportPatterns:
    """The watch of support tickets that name a feature."""

    events = frozenset({TICKET_OPENED})
    signals = frozenset({"support_pattern_found"})

    def subject(self, event: UsageEvent) -> str | None:
        """Return the note of the account's tickets."""
        return "tickets" if event.data.get("feature") else None

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Count a ticket, and fire the rules it reaches."""
        sightings = Sightings.read(text)
        sightings.take(seen, seen.event.data["feature"])
        found = list(_fired(sightings, seen))
        return Noticed(sightings.written(), found)


def _fired(sightings: Sightings, seen: Seen) -> Iterator[Signal]:
    higher = features_of_higher_plans(seen.catalog, seen.profile)
    for rule in sightings.firings.ready(seen, "support_pattern_found"):
        want = wanted(rule)
        asked = higher if rule.feature is None else higher & {rule.feature}
        tally = sightings.tally(seen.event.time, want.within, of=asked)
        if seen.event.data["feature"] in tally.things and want.is_reached(tally.events):
            tickets = f"{tally.events} support {counted('ticket', one=tally.events == 1)}"
            content = {
                "events": tally.events,
                "features": tally.named,
                "window": want.window,
                "why": f"{tickets} about {', '.join(tally.named)} in {want.span}; a higher plan includes it",
            }
            yield from sightings.firings.fire("support_pattern.found", seen, rule, content)
