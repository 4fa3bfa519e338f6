"""Dimensions: what a counter is split by, beside its total (architecture, Keys in Redis).

Whoever sends events chooses the values, so their number is bounded: the first `VALUES_KEPT` of a dimension that a
counter meets have a level each, and all others share one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

VALUES_KEPT = 100
"""How many values of a dimension a counter keeps apart."""

OTHER = "other"
"""The value that all further ones are counted under; an event may name it as well."""

LONGEST_VALUE = 40
"""In bytes of UTF-8; with the longest name of a dimension before it, a field of Redis stays below 64."""

LONGEST_DIMENSION = 20
"""In characters of ASCII."""

MOST_DIMENSIONS = 4
"""How many dimensions split a meter: with all their values, a hash of Redis stays below 500 fields."""


def kept_as(value: str, known: Collection[str]) -> str:
    """Return the value that this one is counted under, where these are known."""
    full = len(known) - (OTHER in known) >= VALUES_KEPT
    return OTHER if full and value not in known else value
