"""Identities: computed, never drawn, so that a replay names the same things the same way (semantics 9.1)."""

from __future__ import annotations

import hashlib

SEPARATOR = "\x1f"
"""Joins the parts of an identity; cannot occur in them, because control characters are refused at the door."""


def identity_of(*parts: str) -> str:
    """Return 32 hexadecimal digits that stand for these parts in this order.

    Raises:
        ValueError: a part contains the separator, so two different lists could be joined to one text.
    """
    text = SEPARATOR.join(parts)
    if text.count(SEPARATOR) >= max(1, len(parts)):
        raise ValueError("a part of an identity contains the separator")
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
