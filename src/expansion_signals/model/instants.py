"""A point in time, and the text it is written as.

An `Instant` is a whole number of microseconds since 1970-01-01T00:00:00Z. Whole numbers compare, sort and
travel through Lua (below 2^53 until the year 2255) without rounding; a `datetime` does neither cheaply.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

Instant: TypeAlias = int
"""Microseconds since the epoch, UTC."""

Duration: TypeAlias = int
"""Microseconds."""

MILLISECOND: Duration = 1_000
SECOND: Duration = 1_000_000
MINUTE: Duration = 60 * SECOND
HOUR: Duration = 60 * MINUTE
DAY: Duration = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST: Instant = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
"""The last instant that can be written."""

_FIRST: Instant = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_FIRST_DAY = date(1970, 1, 1)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}", re.ASCII)
_SECONDS = {f":{second:02}": second * SECOND for second in range(60)}
_RESTS = {"Z": 0} | {f".{millis:03}Z": millis * MILLISECOND for millis in range(1000)}
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}):([0-5]\d|60)(?:\.(\d+))?(?:[Zz]|([+-]\d{2}:\d{2}))",
    re.ASCII,
)


def parse_instant(text: str) -> Instant:
    """Read an RFC 3339 timestamp; digits beyond microseconds are cut.

    Raises:
        ValueError: not RFC 3339, without an offset, or not a time that exists between the years 1 and 9999 UTC.
            A leap second reads as the next second.
    """
    # As most write it, in UTC, to the second or the millisecond, it is looked up in parts: in a third of the time.
    seconds, rest = _SECONDS.get(text[16:19]), _RESTS.get(text[19:])
    if seconds is not None and rest is not None:
        plain = _plain_minute(text[:16])
        if plain is not None:
            return plain + seconds + rest
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"expected an RFC 3339 time such as 2026-11-22T10:00:00Z, got {text[:64]!r}")
    minute, second, fraction, offset = match.groups()
    micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
    instant = _minute(minute, offset) + int(second) * SECOND + micros
    if not _FIRST <= instant <= LAST:
        raise ValueError(f"{text[:64]} is not between the years 1 and 9999 UTC")
    return instant


@lru_cache(maxsize=4096)
def _plain_minute(text: str) -> Instant | None:
    return _minute(text, None) if _MINUTE.fullmatch(text) else None


@lru_cache(maxsize=4096)
def _minute(text: str, offset: str | None) -> Instant:
    # Cached because the events of a poll fall into few minutes: reading a time costs a third of what it did.
    local = (datetime.fromisoformat(f"{text.upper()}:00+00:00") - _EPOCH) // timedelta(seconds=1) * SECOND
    if offset is None:
        return local
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 -- hours and minutes of a clock
        raise ValueError(f"offset {offset} does not exist")
    ahead = hours * HOUR + minutes * MINUTE
    return local - ahead if offset[0] == "+" else local + ahead


def format_instant(instant: Instant) -> str:
    """Write RFC 3339 in UTC with as many digits as the instant needs: none, three or six."""
    seconds, micros = divmod(instant, SECOND)
    text = _whole_second(seconds)
    if micros == 0:
        return f"{text}Z"
    if micros % MILLISECOND == 0:
        return f"{text}.{micros // MILLISECOND:03d}Z"
    return f"{text}.{micros:06d}Z"


@lru_cache(maxsize=4096)
def _whole_second(seconds: int) -> str:
    # Cached because what is published together names few seconds: periods' ends, the time now, that of the event.
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def day_of(instant: Instant) -> int:
    """Return the number of the UTC day since the epoch (semantics 2.5)."""
    return instant // DAY


def parse_day(text: str) -> int:
    """Read a UTC day such as `2026-11-22` as its number since the epoch.

    Raises:
        ValueError: written in another form, or no day of the calendar.
    """
    try:
        if _DAY.fullmatch(text):
            return (date.fromisoformat(text) - _FIRST_DAY).days
    except ValueError:
        pass
    raise ValueError(f"expected a day such as 2026-11-22, got {text[:32]!r}")


def format_day(day: int) -> str:
    """Write the UTC day of this number as `2026-11-22`."""
    return (_FIRST_DAY + timedelta(days=day)).isoformat()


def hour_of(instant: Instant) -> int:
    """Return the number of the UTC hour since the epoch."""
    return instant // HOUR
