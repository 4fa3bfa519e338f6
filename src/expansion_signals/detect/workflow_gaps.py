"""Workflow gap found: what the account makes here is carried to other tools again and again.

rule {signal: workflow_gap_found}: 5 exports within 14 d, whatever their destination

1 Nov   ada exports to `excel`, 3 times        3
9 Nov   bob exports, no destination named      4
14 Nov  bob exports to `tableau`               5: `workflow_gap.found`, excel and tableau; then silent for 30 days
15 Nov, in its place: 1 Nov has left the window, 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.dimensions import short
from expansion_signals.detect.sightings import Sightings
from expansion_signals.detect.watches import Noticed
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.signals import Signal

DATA_EXPORTED = "expansion.data.exported.v1"


class WorkflowGaps:
    """The watch of exports."""

    events = frozenset({DATA_EXPORTED})
    signals = frozenset({"workflow_gap_found"})

    def subject(self, event: UsageEvent) -> str:  # noqa: ARG002 -- one note for all of them
        """Return the note of the account's exports."""
        return "exports"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Count an export, and fire the rules it reaches."""
        sightings = Sightings.read(text)
        sightings.take(seen, short(seen.text("destination") or ""))
        found = list(_fired(sightings, seen))
        return Noticed(sightings.written(), found)


def _fired(sightings: Sightings, seen: Seen) -> Iterator[Signal]:
    for rule, want, tally in sightings.reached(seen, "workflow_gap_found"):
        exports = f"{tally.events} {counted('export', one=tally.events == 1)}"
        content = {
            "events": tally.events,
            "users": tally.users,
            "window": want.window,
            "destinations": tally.named,
            "why": f"{exports} to {', '.join(tally.named) or 'other tools'} in {want.span}",
        }
        yield from sightings.firings.fire("workflow_gap.found", seen, rule, content)
