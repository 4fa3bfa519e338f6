"""A point in time, and the text it is written as.

An `Instant` is a whole number of microseconds since 1970-01-01T00:00:00Z. Whole numbers compare, sort and
travel through Lua (below 2^53 until the year 2255) without rounding; a `datetime` does neither cheaply.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
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
_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:([Zz])|([+-])(\d{2}):(\d{2}))",
    re.ASCII,
)


def parse_instant(text: str) -> Instant:
    """Read an RFC 3339 timestamp; digits beyond microseconds are cut.

    Raises:
        ValueError: not RFC 3339, without an offset, or not a time that exists. A leap second reads as the next second.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"expected an RFC 3339 time such as 2026-11-22T10:00:00Z, got {text[:64]!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.group(1, 2, 3, 4, 5, 6))
    leap = second == 60  # noqa: PLR2004 -- the one second RFC 3339 allows beyond 59
    moment = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC)
    micros = int((match[7] or "0")[:6].ljust(6, "0"))
    offset = 0
    if match[8] is None:
        offset_hours, offset_minutes = int(match[10]), int(match[11])
        if offset_hours > 23 or offset_minutes > 59:  # noqa: PLR2004 -- hours and minutes of a clock
            raise ValueError(f"offset {match[9]}{match[10]}:{match[11]} does not exist")
        offset = (offset_hours * HOUR + offset_minutes * MINUTE) * (1 if match[9] == "+" else -1)
    whole_seconds = (moment - _EPOCH) // timedelta(seconds=1) + (1 if leap else 0)
    return whole_seconds * SECOND + micros - offset


def format_instant(instant: Instant) -> str:
    """Write RFC 3339 in UTC with as many digits as the instant needs: none, three or six."""
    seconds, micros = divmod(instant, SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    if micros == 0:
        return f"{text}Z"
    if micros % MILLISECOND == 0:
        return f"{text}.{micros // MILLISECOND:03d}Z"
    return f"{text}.{micros:06d}Z"


def day_of(instant: Instant) -> int:
    """Return the number of the UTC day since the epoch (semantics 2.5)."""
    return instant // DAY


def hour_of(instant: Instant) -> int:
    """Return the number of the UTC hour since the epoch."""
    return instant // HOUR
