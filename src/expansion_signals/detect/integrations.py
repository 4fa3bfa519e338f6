"""Integration connected: an integration that the account did not have before; each fires once, ever.

rule {signal: integration_connected}

1 Nov   slack is connected          `integration.connected`
1 Nov   jira is connected           `integration.connected`
20 Nov  slack is connected again    nothing: it is known

One that is first seen late, by backfill or before the account is known stands in its note, and never fires: of the
first two that is told, as past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect import note_text
from expansion_signals.detect.lateness import told
from expansion_signals.detect.watches import Noticed, signal_of

if TYPE_CHECKING:
    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.signals import Signal

INTEGRATION_CONNECTED = "expansion.integration.connected.v1"


class Integrations:
    """The watch of integrations, a note for each: since when it is known."""

    events = frozenset({INTEGRATION_CONNECTED})
    signals = frozenset({"integration_connected"})

    def subject(self, event: UsageEvent) -> str:
        """Return the note of the integration."""
        return f"integration:{event.data['integration']}"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Fire for an integration of which nothing is noted yet."""
        if text:
            return Noticed(text)
        integration = seen.event.data["integration"]
        content = {"integration": integration, "why": f"{integration} was connected for the first time"}
        found: list[Signal] = []
        for rule in seen.of("integration_connected") if seen.profile else ():
            signal = signal_of(
                "integration.connected", seen, rule=rule, subject=(integration,), ordinal="1", content=content
            )
            found += told(signal, rule, seen)
        return Noticed(note_text.write(since=seen.event.time), found)
