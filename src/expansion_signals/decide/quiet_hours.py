"""Quiet hours: from when to when nothing is sent that can wait, in the account's own time (semantics 7.2).

from 20:00 to 08:00, Europe/Berlin:

    22 Nov 19:59 local    not quiet
    22 Nov 20:00 local    quiet until 23 Nov 08:00 local, 07:00 UTC
    23 Nov 08:00 local    not quiet
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from expansion_signals.model.instants import SECOND

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.policy import QuietHours

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_A_DAY = timedelta(days=1)


def quiet_until(quiet: QuietHours | None, zone: str, now: Instant) -> Instant | None:
    """Return when the quiet hours end that run now; None where none do.

    They begin and end at the local times of day that are written: one that the clocks skip moves forward with them, one
    that they show twice is the first (as in semantics 2.4).
    """
    if quiet is None:
        return None
    local = ZoneInfo(zone)
    today = (_EPOCH + timedelta(seconds=now // SECOND)).astimezone(local).date()
    for day in (today - _A_DAY, today):
        start = _instant(day, quiet.start, local)
        end = _instant(day if quiet.start < quiet.end else day + _A_DAY, quiet.end, local)
        if start <= now < end:
            return end
    return None


def _instant(day: date, minute: int, zone: ZoneInfo) -> Instant:
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    return (local.astimezone(UTC) - _EPOCH) // timedelta(seconds=1) * SECOND
