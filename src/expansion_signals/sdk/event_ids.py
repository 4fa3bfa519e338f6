"""Ids of events: UUIDs of version 7, which carry the time they were made at, and so are the cheapest to remember."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import MILLISECOND

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant

DRAWN_BITS = 74
"""How many bits of an id are chance."""


def uuid7(instant: Instant, drawn: int) -> str:
    """Return the id made at this instant, with these bits of chance, of which the lowest 74 count."""
    chance = drawn >> 62 & 0xFFF
    bits = instant // MILLISECOND << 80 | 0x7 << 76 | chance << 64 | 0b10 << 62 | drawn & 0x3FFF_FFFF_FFFF_FFFF
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
