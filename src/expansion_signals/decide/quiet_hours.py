"""Quiet hours: from when to when nothing is sent that can wait, in the account's own time (semantics 7.2).

from 20:00 to 08:00, Europe/Berlin:

    22 Nov 19:59 local    not quiet
    22 Nov 20:00 local    quiet until 23 Nov 08:00 local, 07:00 UTC
    23 Nov 08:00 local    not quiet
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from expansion_signals.model.instants import SECOND

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.policy import QuietHours

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES_A_DAY = 24 * 60


def quiet_until(quiet: QuietHours | None, zone: str, now: Instant) -> Instant | None:
    """Return when the quiet hours end that run now; None where none do.

    They end at the local time of day that is written, on the days the clocks change too.
    """
    if quiet is None:
        return None
    local = (_EPOCH + timedelta(seconds=now // SECOND)).astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    passed = (minute - quiet.start) % _MINUTES_A_DAY
    if passed >= (quiet.end - quiet.start) % _MINUTES_A_DAY:
        return None
    day = local.date() + timedelta(days=1 if minute >= quiet.end else 0)
    end = datetime(day.year, day.month, day.day, quiet.end // 60, quiet.end % 60, tzinfo=ZoneInfo(zone))
    return (end.astimezone(UTC) - _EPOCH) // timedelta(seconds=1) * SECOND
