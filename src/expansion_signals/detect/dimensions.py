"""What value an event has of a dimension, and how a property inside its dimensions is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh3_64_hexdigest

from expansion_signals.model.amounts import value_text
from expansion_signals.model.dimensions import LONGEST_VALUE
from expansion_signals.model.events import USAGE_IMPORTED, USAGE_RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.events import UsageEvent

_WITH_DIMENSIONS = (USAGE_RECORDED, USAGE_IMPORTED)
_INSIDE = "dimensions."
_HASH_DIGITS = 12


def values_of(event: UsageEvent, dimensions: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return dimension and value for those of these dimensions that the event has.

    Recorded and imported usage carry them in `dimensions`; any other event there, or as a property of its data.
    """
    found = []
    for name in dimensions:
        value = property_of(event.data, _INSIDE + name)
        if value is None and event.type not in _WITH_DIMENSIONS:
            value = event.data.get(name)
        text = value_text(value)
        if text is not None:
            found.append((name, short(text)))
    return tuple(found)


def property_of(data: Mapping[str, object], name: str) -> object:
    """Return a property of an event's data, or with `dimensions.<name>` one of its dimensions; None if it has none."""
    if not name.startswith(_INSIDE):
        return data.get(name)
    inside = data.get("dimensions")
    return inside.get(name.removeprefix(_INSIDE)) if isinstance(inside, dict) else None


def short(value: str) -> str:
    """Return a value of at most `LONGEST_VALUE` bytes; of a longer one, its beginning and a hash of the whole."""
    written = value.encode()
    if len(written) <= LONGEST_VALUE:
        return value
    beginning = written[: LONGEST_VALUE - _HASH_DIGITS - 1].decode(errors="ignore")
    return f"{beginning}~{xxh3_64_hexdigest(written)[:_HASH_DIGITS]}"
