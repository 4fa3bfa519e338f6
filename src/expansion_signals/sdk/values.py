"""How values stand in an event: what a product app has in hand becomes what the wire has.

Each of these takes any value and returns it as it is written; a ValueError says what was expected instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

from expansion_signals.model.instants import format_instant, parse_instant
from expansion_signals.model.names import LONGEST_NAME, is_name

Amount: TypeAlias = int | Decimal | float | str
"""How much: a number or a decimal text. A float counts as its shortest text: `0.1` is a tenth."""

Moment: TypeAlias = datetime | str
"""When: a datetime with its time zone, or RFC 3339."""

Written: TypeAlias = Callable[[object], object]
"""Returns a value as the wire has it; raises ValueError for what it does not take."""

_DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_LONGEST_NUMBER = 400
_LARGEST_COUNT = 10**18 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 64


def name(value: object) -> str:
    """Return what can name something: 1 to 512 characters, no control character."""
    if is_name(value):
        return value
    if isinstance(value, str):
        text = str.__str__(value)  # of an enum's member, or whatever else is a text and more
        if is_name(text):
            return text
        raise ValueError(f"expected 1 to {LONGEST_NAME} characters, none of them a control character")
    raise ValueError(f"expected a text, got {_shown(value)}")


def amount(value: object) -> str:
    """Return a number as a decimal text."""
    if isinstance(value, int | Decimal | float | str) and not isinstance(value, bool):
        try:
            text = str(value)
        except ValueError:  # Python writes no whole number of more than 4,300 digits
            text = ""
        if len(text) <= _LONGEST_NUMBER and _DECIMAL.fullmatch(text):
            return text
    raise ValueError(f"expected a finite number or a decimal text such as '12.5', got {_shown(value)}")


def number(low: int | None = None, high: int | None = None) -> Written:
    """Take a JSON number within these bounds."""
    expected = "a finite number" if low is None and high is None else f"a number from {low} to {high}"

    def written(value: object) -> object:
        plain = float(value) if isinstance(value, Decimal) else value
        if not isinstance(plain, int | float) or isinstance(plain, bool) or not math.isfinite(plain):
            raise ValueError(f"expected {expected}, got {_shown(value)}")
        if (low is not None and plain < low) or (high is not None and plain > high):
            raise ValueError(f"expected {expected}, got {_shown(value)}")
        return plain

    return written


def whole(low: int = -_LARGEST_COUNT) -> Written:
    """Take a whole number from `low` on, of at most 18 digits."""

    def written(value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= _LARGEST_COUNT:
            return value
        raise ValueError(f"expected a whole number from {low} to {_LARGEST_COUNT}, got {_shown(value)}")

    return written


def flag(value: object) -> bool:
    """Return a truth value; a 0 or a text is none."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"expected True or False, got {_shown(value)}")


def moment(value: object) -> str:
    """Return a time as RFC 3339, in UTC where it was a datetime."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"expected a datetime with a time zone, got {value.isoformat()} without one")
        since = value - _EPOCH
        return format_instant((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    if not isinstance(value, str):
        raise ValueError(f"expected a datetime or an RFC 3339 text, got {_shown(value)}")  # noqa: TRY004 -- one kind of refusal
    parse_instant(value)
    return str.__str__(value)


def one_of(*choices: str) -> Written:
    """Take one of these texts."""

    def written(value: object) -> object:
        if isinstance(value, str) and value in choices:
            return str.__str__(value)
        raise ValueError(f"expected one of {', '.join(choices)}; got {_shown(value)}")

    return written


def list_of(each: Written) -> Written:
    """Take several values of a kind; a text is not several."""

    def written(value: object) -> object:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise ValueError(f"expected a list, got {_shown(value)}")  # noqa: TRY004 -- the same
        return [each(one) for one in value]

    return written


def object_of(each: Written, *, most: int | None = None) -> Written:
    """Take a mapping of names to values of a kind, `most` of them."""

    def written(value: object) -> object:
        if not isinstance(value, Mapping):
            raise ValueError(f"expected a mapping, got {_shown(value)}")  # noqa: TRY004 -- the same
        if most is not None and len(value) > most:
            raise ValueError(f"expected at most {most} entries, got {len(value)}")
        return {name(key): each(one) for key, one in value.items()}

    return written


def _shown(value: object) -> str:
    if isinstance(value, int) and not -(10**_SHOWN) < value < 10**_SHOWN:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
