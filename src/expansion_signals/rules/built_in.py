"""Event types with a fixed meaning (semantics 1.2), and what a configuration may not take for itself."""

from __future__ import annotations

from difflib import get_close_matches

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

_SHORTENED = {
    **{noun: f"{BUILT_IN_PREFIX}{noun}.v1" for noun in _NOUNS},
    **{f"{noun}.v1": f"{BUILT_IN_PREFIX}{noun}.v1" for noun in _NOUNS},
}
_NEAR = 0.92


def misspelt(event_type: str) -> str | None:
    """Return the built-in type that was probably meant, or None where this type stands for itself.

    A product's own type may have any name, but one that starts as ours do, or differs from one of ours by a slip
    of the pen, would silently count nothing.
    """
    if event_type in EVENT_TYPES:
        return None
    if event_type in _SHORTENED:
        return _SHORTENED[event_type]
    cutoff = 0.0 if event_type.startswith(BUILT_IN_PREFIX) else _NEAR
    return next(iter(get_close_matches(event_type, EVENT_TYPES, n=1, cutoff=cutoff)), None)
