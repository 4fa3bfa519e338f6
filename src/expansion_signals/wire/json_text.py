"""JSON as it stands on the wire: numbers read exactly as written, never as binary fractions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jiter

from expansion_signals.errors import RejectedRecord

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse(text: bytes) -> object:
    """Return the value: objects as `dict`, whole numbers as `int`, other numbers as `Decimal`.

    Nesting deeper than 200 and whole numbers above 4,300 digits are refused, so the cost stays linear in the
    length of the text.

    Raises:
        RejectedRecord: `unparsable` for anything RFC 8259 does not allow, for a key that stands twice in an object
            (readers disagree about which one counts), and for text that is not UTF-8.
    """
    try:
        return jiter.from_json(
            text, float_mode="decimal", allow_inf_nan=False, catch_duplicate_keys=True, cache_mode="keys"
        )
    except ValueError as error:
        raise RejectedRecord("unparsable", f"not JSON: {error}") from None


def write(document: Mapping[str, object]) -> bytes:
    """Return the document as compact UTF-8.

    Raises:
        TypeError: a value has no form in JSON; a Decimal is one, for amounts stand as strings.
    """
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
