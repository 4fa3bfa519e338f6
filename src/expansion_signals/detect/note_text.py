"""How a watch writes what it remembers: a JSON object without what is empty, so that nothing is an empty text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec.json import Encoder

if TYPE_CHECKING:
    from collections.abc import Mapping


_encode = Encoder().encode


def read(text: str) -> Mapping[str, Any]:
    """Return the parts that `write` wrote."""
    parts: Mapping[str, Any] = json.loads(text) if text else {}
    return parts


def write(**parts: object) -> str:
    """Return the parts as a note's text: the same parts give the same text."""
    kept = {name: part for name, part in parts.items() if part}
    return _encode(kept).decode() if kept else ""
