"""Team grown: more people are invited than in the window before.

rule {signal: team_grown}: 3 invites in 7 d, and more than in the 7 d before

1 Nov   2 invites          2, none before
8 Nov   2 invites          2 in 2 to 8 Nov; 2 in 26 Oct to 1 Nov
9 Nov   1 invite           3 in 3 to 9 Nov; 2 in 27 Oct to 2 Nov: `team.grown`, previous 2; then silent for 30 days
10 Nov  that invite again  nothing: an invite counts once
10 Nov  a guest is invited nothing: a guest is not of the team

An invite that the product blocked counts: somebody was meant to come. With nobody invited before, 3 are growth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.dimensions import short
from expansion_signals.detect.sightings import Sightings
from expansion_signals.detect.watches import REMEMBERED, Noticed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.signals import Signal

SEAT_INVITED = "expansion.seat.invited.v1"

_REACH: Duration = 2 * REMEMBERED
"""The longest window, and the one before it; and how long an invite that is sent again is known."""


class TeamGrowth:
    """The watch of invites, each counted at its first event."""

    events = frozenset({SEAT_INVITED})
    signals = frozenset({"team_grown"})

    def subject(self, event: UsageEvent) -> str | None:
        """Return the note of the account's invites."""
        return None if event.data.get("guest") else "invites"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Count an invite, and fire the rules it reaches."""
        sightings, invite = Sightings.read(text), short(seen.event.data["invite"])
        if sightings.knows(invite):
            return Noticed(text)
        sightings.take(seen, invite, reach=_REACH)
        found = list(_fired(sightings, seen))
        return Noticed(sightings.written(), found)


def _fired(sightings: Sightings, seen: Seen) -> Iterator[Signal]:
    for rule, want, tally in sightings.reached(seen, "team_grown"):
        previous = sightings.tally(seen.event.time - want.within, want.within).events
        if tally.events > previous:
            people = f"{tally.events} {'person was' if tally.events == 1 else 'people were'}"
            content = {
                "events": tally.events,
                "previous": previous,
                "users": tally.users,
                "window": want.window,
                "why": f"{people} invited in {want.span}, {previous} in the {want.span} before",
            }
            yield from sightings.firings.fire("team.grown", seen, rule, content)
