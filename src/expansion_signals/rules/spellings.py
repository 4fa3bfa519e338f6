"""How amounts, durations, shares, caps and names are written in both files, as types for their shapes.

Each reader raises `ValueError` with what was expected; each type holds the parsed value, so that two spellings
of one value are equal.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import BeforeValidator, GetPydanticSchema
from pydantic_core import core_schema

from expansion_signals.model.amounts import value_text
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND, Duration
from expansion_signals.rules.findings import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_AMOUNT = re.compile(r"[0-9]{1,40}(\.[0-9]{1,20})?", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,6}) ?([smhdw])", re.ASCII)
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", re.ASCII)
_CAP = re.compile(r"([0-9]{1,6}) +per +(.+)", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_UNITS: dict[str, Duration] = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}

LONGEST_WINDOW: Duration = 62 * DAY
"""How far back day counts are kept (semantics 2.5)."""


LARGEST_CAP = 300
"""How many triggers of an account are remembered, so that no more of them can be counted."""


class CapSpelling(NamedTuple):
    """`1 per 7d`: so many within so long (microseconds)."""

    times: int
    within: Duration


def read_by(reader: Callable[[object], object]) -> GetPydanticSchema:
    """Return the annotation of a field that `reader` alone reads; pydantic does not look into the field's type."""
    return GetPydanticSchema(lambda _type, _handler: core_schema.no_info_plain_validator_function(reader))


def written(value: object) -> str | None:
    """Return a number or text as it would be written without exponent; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return value if isinstance(value, str) else None


def read_amount(value: object) -> Decimal:
    """Read `1000`, `0.5` or the same as text: zero or more, exact, without exponent."""
    text = written(value)
    if text is None or not _AMOUNT.fullmatch(text):
        raise ValueError(f'expected an amount of zero or more such as 1000 or "0.5", got {shown(value)}')
    return Decimal(text)


def read_duration(value: object) -> Duration:
    """Read `45s`, `30m`, `12h`, `14d` or `1w` to microseconds, more than zero."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError(f"expected a duration such as 45s, 30m, 12h, 14d or 1w, got {shown(value)}")
    return int(match[1]) * _UNITS[match[2]]


def duration_text(duration: Duration) -> str:
    """Write a duration as it may stand in a file, in the largest unit that takes it whole: `14d`, `90m`."""
    unit, letter = next((_UNITS[letter], letter) for letter in "dhms" if duration % _UNITS[letter] == 0)
    return f"{duration // unit}{letter}"


def read_window(value: object) -> Duration:
    """Read a duration that counts back from now: at most the 62 days that are kept (semantics 2.5)."""
    window = read_duration(value)
    if window > LONGEST_WINDOW:
        raise ValueError(f"expected a window of at most 62d, for which counts are kept, got {shown(value)}")
    return window


def read_kept(value: object) -> Duration:
    """Read a duration after which nobody asks what was decided: at most the 62 days that this is remembered."""
    duration = read_duration(value)
    if duration > LONGEST_WINDOW:
        raise ValueError(f"expected at most 62d, as long as what fired is remembered, got {shown(value)}")
    return duration


def read_share(value: object) -> Decimal:
    """Read `10%` to 10: more than 0, at most 100."""
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    share = Decimal(match[1]) if match else Decimal(0)
    if not 0 < share <= 100:  # noqa: PLR2004 -- percent
        raise ValueError(f"expected a percentage above 0% and up to 100%, such as 10%, got {shown(value)}")
    return share


def read_cap(value: object) -> CapSpelling:
    """Read `1 per 7d`: a number of times, at least 1, and a duration; no more of either than is remembered."""
    match = _CAP.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError(f"expected a cap such as `1 per 7d`, got {shown(value)}")
    if int(match[1]) > LARGEST_CAP:
        raise ValueError(
            f"expected at most {LARGEST_CAP} times, as many triggers as are remembered, got {shown(value)}"
        )
    return CapSpelling(int(match[1]), read_kept(match[2]))


def read_name(value: object) -> str:
    """Read a key or an id: it becomes part of records, keys and command lines."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"expected a name of up to 64 letters, digits, `_`, `.` and `-`, got {shown(value)}")
    return value


def read_clock(value: object) -> str:
    """Read a time of day, `20:00`."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ValueError(f'expected a time of day such as "20:00", got {shown(value)}')
    return value


def _as_text(value: object) -> object:
    """Take `true` and `5` as they are written: data is compared by its text (`detect/metering.py`)."""
    return value_text(value) if isinstance(value, bool | int | Decimal) else value


Amount = Annotated[Decimal, read_by(read_amount)]
Lasting = Annotated[Duration, read_by(read_duration)]
Window = Annotated[Duration, read_by(read_window)]
Kept = Annotated[Duration, read_by(read_kept)]
Share = Annotated[Decimal, read_by(read_share)]
Cap = Annotated[CapSpelling, read_by(read_cap)]
Name = Annotated[str, read_by(read_name)]
Clock = Annotated[str, read_by(read_clock)]
Selected = Annotated[str, BeforeValidator(_as_text)]
