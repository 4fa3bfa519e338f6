"""Usage periods: where a subscription's periods begin and end (semantics 2.4).

A boundary is the anchor's wall-clock time in the account's zone, moved by whole units. Each is counted from the
anchor itself, never from the boundary before it, so that clamping does not drift:

    anchor 31 Jan, month   31 Jan ─ 28 Feb ─ 31 Mar ─ 30 Apr ─ 31 May          (29 Feb in a leap year)
    anchor 31 Jan 00:00, month, Europe/Berlin
                           27 Feb 23:00Z ─ 30 Mar 22:00Z ─ 29 Apr 22:00Z       the first is an hour short, in spring
    anchor 29 Feb, year    29 Feb 2024 ─ 28 Feb 2025 ─ … ─ 29 Feb 2028
    anchor 00:00, day, Europe/Berlin
                           28 Mar 23:00Z ─ 29 Mar 22:00Z                       a day of 23 hours
                           24 Oct 22:00Z ─ 25 Oct 23:00Z                       a day of 25 hours
    anchor 02:30, day, Europe/Berlin
                           29 Mar: 02:30 does not exist, 03:30 CEST            a gap moves it forward by the gap
                           25 Oct: 02:30 exists twice, 02:30 CEST              an overlap takes the first
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from expansion_signals.model.instants import DAY, Instant, day_of
from expansion_signals.model.readings import Period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.accounts import Anchor, PeriodUnit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_CACHED = 1 << 15
_COMPARED = 13
"""Periods in which two anchors must agree: a year of months has every length that months are clamped to."""


def period_at(anchor: Anchor, zone: str, instant: Instant) -> Period:
    """Return the period of this anchor that contains `instant`; instants before the anchor work as well.

    anchor 2026-01-31T00:00Z, month, UTC
    2026-02-27T23:59:59Z  →  [31 Jan, 28 Feb)
    2026-02-28T00:00:00Z  →  [28 Feb, 31 Mar)
    2025-12-31T00:00:00Z  →  [31 Dec, 31 Jan)
    """
    boundaries = _boundaries_around(anchor.anchor, anchor.unit, zone, day_of(instant))
    following = bisect_right(boundaries, instant)
    return Period(boundaries[following - 1], boundaries[following])


def period_of(anchors: Sequence[Anchor], zone: str, instant: Instant) -> Period:
    """Return the period that contains `instant` under the anchor valid at it; `anchors` stand oldest first.

    A new anchor closes the running period where it becomes valid and opens one there; the first anchor also holds
    for everything before it.

        month from 1 Jan; from 15 Mar 12:00 on: month from 10 Jan
        14 Mar          →  [1 Mar, 15 Mar 12:00)
        15 Mar 12:00    →  [15 Mar 12:00, 10 Apr)
        10 Apr          →  [10 Apr, 10 May)
    """
    count = bisect_right(anchors, instant, key=_valid_from)
    period = period_at(anchors[max(count - 1, 0)], zone, instant)
    start = max(period.start, anchors[count - 1].valid_from) if count else period.start
    end = min(period.end, anchors[count].valid_from) if count < len(anchors) else period.end
    return Period(start, end)


def same_periods(before: Anchor, after: Anchor, zone: str) -> bool:
    """Say whether two anchors name the same periods, as when billing tells the start of the period that runs now.

    month from 1 Jan, month from 1 Nov      the same
    month from 31 Jan, month from 28 Feb    not: the first goes on to 31 Mar
    month from 1 Jan, quarter from 1 Jan    not
    """
    if before.unit != after.unit:
        return False
    instant = max(before.anchor, after.anchor)
    for _ in range(_COMPARED):
        period = period_at(before, zone, instant)
        if period_at(after, zone, instant) != period:
            return False
        instant = period.end
    return True


def calendar_anchor(zone: str) -> Instant:
    """Return an anchor from which periods are those of the calendar in this zone: a midnight that begins a year."""
    return (datetime(1970, 1, 1, tzinfo=ZoneInfo(zone)) - _EPOCH) // _MICROSECOND


def closed(period: Period | None, appended: Instant) -> bool:
    """Say whether a record appended then came after the period's end; `per: never` has no end (semantics 2.6)."""
    return period is not None and appended >= period.end


def _valid_from(anchor: Anchor) -> Instant:
    return anchor.valid_from


@lru_cache(maxsize=_CACHED)
def _boundaries_around(anchor: Instant, unit: PeriodUnit, zone: str, day: int) -> tuple[Instant, ...]:
    """Return the boundaries from the last at or before this UTC day's start to the first at or after its end.

    Cached by day, because events of one account share a day far more often than a microsecond.
    """
    wall = _wall(anchor, zone)
    step = _steps_between(wall, _wall(day * DAY, zone), unit)
    while _boundary(wall, unit, zone, step) > day * DAY:
        step -= 1
    # A zone that skips a whole day (Apia, 30 Dec 2011) puts two boundaries on one instant: the later one counts.
    while _boundary(wall, unit, zone, step + 1) <= day * DAY:
        step += 1
    boundaries = [_boundary(wall, unit, zone, step)]
    while boundaries[-1] < (day + 1) * DAY:
        step += 1
        boundaries.append(_boundary(wall, unit, zone, step))
    return tuple(boundaries)


def _wall(instant: Instant, zone: str) -> datetime:
    """Return what a clock on the wall in this zone shows."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _boundary(anchor: datetime, unit: PeriodUnit, zone: str, steps: int) -> Instant:
    """Return the boundary `steps` units after the anchor's wall-clock time.

    `fold=0` reads a time in a gap with the offset before it, which moves it forward by the gap, and a time in an
    overlap as its first occurrence.
    """
    wall = anchor + timedelta(days=steps * _DAYS[unit]) if unit in _DAYS else _clamped(anchor, steps * _MONTHS[unit])
    return (wall.replace(tzinfo=ZoneInfo(zone), fold=0) - _EPOCH) // _MICROSECOND


def _clamped(anchor: datetime, months: int) -> datetime:
    """Return the anchor moved by months; a day that the month does not have becomes its last."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, monthrange(year, month + 1)[1]))


def _steps_between(anchor: datetime, wall: datetime, unit: PeriodUnit) -> int:
    """Return about how many units lie between; off by one at most where days are clamped or offsets change."""
    if unit in _DAYS:
        return (wall - anchor).days // _DAYS[unit]
    return ((wall.year - anchor.year) * 12 + wall.month - anchor.month) // _MONTHS[unit]
