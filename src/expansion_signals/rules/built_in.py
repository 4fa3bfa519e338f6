"""Event types with a fixed meaning (semantics 1.2), and what a configuration may not take for itself."""

from __future__ import annotations

from difflib import SequenceMatcher

from expansion_signals.model.events import BUILT_IN_PREFIX

SEATS = "seats"
"""The meter that nobody declares: active members and pending invites (semantics 4.1)."""

_NOUNS = (
    "usage.recorded",
    "feature.attempted",
    "feature.used",
    "limit.hit",
    "seat.invited",
    "seat.activated",
    "seat.removed",
    "invite.expired",
    "invite.revoked",
    "user.active",
    "content.shared",
    "integration.connected",
    "data.exported",
    "interest.shown",
    "support.ticket_opened",
    "feedback.given",
    "subscription.cancel_requested",
)

EVENT_TYPES = tuple(f"{BUILT_IN_PREFIX}{noun}.v1" for noun in _NOUNS)

_NEAR = 0.92


def misspelt(event_type: str) -> str | None:
    """Return the built-in type that was probably meant, or None where this type stands for itself.

    A product's own type may have any name, but one that starts as ours do, or differs from one of ours by a slip
    of the pen, would silently count nothing.
    """
    if event_type in EVENT_TYPES:
        return None
    similar = [(SequenceMatcher(a=event_type, b=known).ratio(), known) for known in EVENT_TYPES]
    shortened = [
        known for known in EVENT_TYPES if event_type in (known[len(BUILT_IN_PREFIX) :], known[:-3], _noun(known))
    ]
    if shortened:
        return shortened[0]
    ratio, nearest = max(similar)
    return nearest if ratio >= _NEAR or event_type.startswith(BUILT_IN_PREFIX) else None


def _noun(event_type: str) -> str:
    return event_type[len(BUILT_IN_PREFIX) : -len(".v1")]
