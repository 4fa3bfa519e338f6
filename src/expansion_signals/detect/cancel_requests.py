"""Cancel requested: a cancellation was begun; each fires, but for a second click on the same day.

Deciding hears of each, whether a rule tells of it or not: what would sell more waits meanwhile (semantics 7.3).

rule {signal: cancel_requested}, cooldown 1 d

1 Nov 10:00  ada begins to cancel, "too expensive"   `cancel.requested`, its first firing
1 Nov 10:02  ada begins again                        no signal: less than a day after it; a bare reading
5 Nov 09:00  bob begins to cancel                    `cancel.requested`, its second firing
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect import note_text
from expansion_signals.detect.bare_reading import cancellation_begun
from expansion_signals.detect.firings import Firings
from expansion_signals.detect.watches import Noticed

if TYPE_CHECKING:
    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent

CANCEL_REQUESTED = "expansion.subscription.cancel_requested.v1"


class CancelRequests:
    """The watch of cancellations begun."""

    events = frozenset({CANCEL_REQUESTED})
    signals = frozenset({"cancel_requested"})

    def subject(self, event: UsageEvent) -> str:  # noqa: ARG002 -- one note for all of them
        """Return the note of the account's cancellations."""
        return "cancel"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Fire each rule that does not cool."""
        firings = Firings.read(note_text.read(text).get("fired", {}))
        user, reason = seen.text("user"), seen.text("reason")
        content = {"reason": reason, "why": f"{user or 'Somebody'} asked to cancel{f': {reason}' if reason else ''}"}
        found = [
            signal
            for rule in firings.ready(seen, "cancel_requested")
            for signal in firings.fire("cancel.requested", seen, rule, content)
        ]
        if all(signal.shadow for signal in found):
            found.append(cancellation_begun(seen))
        return Noticed(note_text.write(fired=firings.by_rule), found)
