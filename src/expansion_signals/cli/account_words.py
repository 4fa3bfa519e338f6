"""How amounts, periods and moments of an account read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from expansion_signals.model.amounts import unscale
from expansion_signals.model.instants import DAY, HOUR, SECOND
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from datetime import tzinfo

    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Period

_FIRST_DAY = date(1970, 1, 1)


def measured(amount: int, meter: Meter) -> str:
    """Return an amount with its unit: `1,000 calls`."""
    return f"{shown(amount, meter)} {counted(meter.unit, one=amount == 10**meter.precision)}"


def shown(amount: int, meter: Meter | None) -> str:
    """Return a scaled amount: `12.5`."""
    return format(Decimal(unscale(amount, meter.precision if meter else 0)), ",f")


def span(period: Period, zone: tzinfo) -> str:
    """Return a period: `1 Nov 2026 to 1 Dec 2026`."""
    return f"{moment(period.start, zone)} to {moment(period.end, zone)}"


def moment(instant: Instant, zone: tzinfo) -> str:
    """Return the date as the account's calendar has it, with the time unless it is midnight there."""
    there = datetime.fromtimestamp(instant // SECOND, zone)
    at = "" if (there.hour, there.minute) == (0, 0) else f" {there:%H:%M}"
    return f"{there.day} {there:%b %Y}{at}" + (" UTC" if zone is UTC and at else "")


def day(number: int) -> str:
    """Return the UTC day of this number: `20 Nov`."""
    there = _FIRST_DAY + timedelta(days=number)
    return f"{there.day} {there:%b}"


def under(prefix: str) -> str:
    """Return whose deployment is meant, where several share a Redis: ` under the prefix 'eu-'`."""
    return f" under the prefix {prefix!r}" if prefix else ""


def left(duration: Duration) -> str:
    """Return how long that is, rounded down: `8 days`."""
    if duration < HOUR:
        return "less than an hour"
    number, unit = (duration // DAY, "day") if duration >= DAY else (duration // HOUR, "hour")
    return f"{number} {counted(unit, one=number == 1)}"
