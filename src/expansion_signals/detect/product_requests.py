"""Product requested: somebody asked, in feedback, for what another product does; once, then silent for 30 days.

rule {signal: product_requested}, cooldown 30 d

1 Nov  ada asks for `analytics`       `product.requested`: analytics
2 Nov  bob asks for `analytics`       silent for 30 days
2 Nov  bob asks for `billing`         `product.requested`: billing
3 Nov  a score of 9 for `analytics`   nothing: no request
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect import note_text
from expansion_signals.detect.admin_features import FEEDBACK_GIVEN
from expansion_signals.detect.firings import Firings
from expansion_signals.detect.watches import Noticed

if TYPE_CHECKING:
    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent


class ProductRequests:
    """The watch of products asked for, a note for each product."""

    events = frozenset({FEEDBACK_GIVEN})
    signals = frozenset({"product_requested"})

    def subject(self, event: UsageEvent) -> str | None:
        """Return the note of the product that was asked for."""
        product = event.data.get("product")
        return f"product_request:{product}" if product and event.data["kind"] == "request" else None

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Fire each rule that does not cool."""
        firings = Firings.read(note_text.read(text).get("fired", {}))
        product = seen.event.data["product"]
        content = {"product": product, "why": f"{seen.text('user') or 'Somebody'} asked for the product {product}"}
        found = [
            signal
            for rule in firings.ready(seen, "product_requested")
            for signal in firings.fire("product.requested", seen, rule, content, (product,))
        ]
        return Noticed(note_text.write(fired=firings.by_rule), found)
