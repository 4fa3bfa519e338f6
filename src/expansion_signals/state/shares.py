"""How the values of dimensions stand in the hash beside their counter (`lua/shares.lua`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.state.change_texts import read_bucket

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_shares(fields: Mapping[bytes, bytes]) -> dict[tuple[str, str], int]:
    """Return the level of each dimension and value; a field without a value tells how many its dimension has."""
    shares = {}
    for field, text in fields.items():
        dimension, split, value = field.decode().partition("=")
        if split:
            shares[dimension, value] = read_bucket(text.decode())
    return shares
