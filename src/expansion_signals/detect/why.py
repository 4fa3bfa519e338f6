"""Why a limit signal says now, in one sentence for a person who talks to the customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.amounts import grouped
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.readings import Reading

# `counted` with the rest: all that say why in words look for it here.
__all__ = ["counted", "shown", "why"]


def why(reading: Reading, usage: int) -> str:
    """Return for example `800 of 1,000 calls used (80 %) with 9 days of the period left`.

    Above the limit: `1,200 of 1,000 calls used (120 %), 200 over the limit, with 9 days of the period left`.
    """
    left = _left(reading)
    beyond = _beyond(reading, usage)
    if not beyond:
        return f"{_used(reading, usage)}{left}"
    return f"{_used(reading, usage)}, {beyond}{',' if left else ''}{left}"


def _used(reading: Reading, usage: int) -> str:
    limit = reading.limit.amount if reading.limit else None
    if limit is None:
        return f"{shown(usage, reading.meter)} {counted(reading.meter.unit, one=usage == _one(reading))} used"
    unit = counted(reading.meter.unit, one=limit == _one(reading))
    # Rounded down: nobody reads 100 % before the limit is reached.
    share = f" ({usage * 100 // limit} %)" if limit else ""
    return f"{shown(usage, reading.meter)} of {shown(limit, reading.meter)} {unit} used{share}"


def _beyond(reading: Reading, usage: int) -> str:
    limit = reading.limit.amount if reading.limit else None
    if limit is None or usage <= limit:
        return ""
    return f"{shown(usage - limit, reading.meter)} over the limit"


def _left(reading: Reading) -> str:
    if reading.period is None:
        return ""
    left = reading.period.end - reading.evidence.time
    return f" with {_duration(left)} of the period left" if left > 0 else ""


def _duration(left: Duration) -> str:
    if left < HOUR:
        return "less than an hour"
    number, unit = (left // DAY, "day") if left >= DAY else (left // HOUR, "hour")
    return f"{number} {counted(unit, one=number == 1)}"


def shown(amount: int, meter: Meter) -> str:
    """Return a scaled amount as people read it: `1,200`, `0.5`."""
    return grouped(amount, meter.precision)


def _one(reading: Reading) -> int:
    return int(10**reading.meter.precision)
