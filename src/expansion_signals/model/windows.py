"""Sliding windows over UTC days and hours (semantics 2.5).

A window of N days is today's UTC day and the N - 1 before it; of N hours, below 48, the running hour and the N - 1
before it. Both end with what is running, so they grow until it is over, and move on when the next begins:

    buckets   19 Nov: 5   20 Nov: -   21 Nov: 7   22 Nov: 2        3 days at
    22 Nov 00:00:00Z   20 Nov ─ 22 Nov                             sum 9, max 7, latest 2
    22 Nov 23:59:59Z   the same days
    23 Nov 00:00:00Z   21 Nov ─ 23 Nov                             sum 9, max 7, latest 2
    25 Nov 12:00:00Z   23 Nov ─ 25 Nov                             nothing was counted

Days are those of UTC wherever the account is, so each has 24 hours on the days the clocks change too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY, HOUR, day_of, hour_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.catalog import Aggregation
    from expansion_signals.model.instants import Duration, Instant

DAYS_KEPT = 62
"""How many days of buckets are kept at the least; today's is the last of them."""

HOURS_BELOW = 48
"""A window as long as this, or longer, is one of days."""


def last_days(now: Instant, count: int) -> range:
    """Return the numbers of the UTC days of a window of `count` days, oldest first.

    Raises:
        ValueError: more days than are kept, or none.
    """
    if not 0 < count <= DAYS_KEPT:
        raise ValueError(f"expected a window of 1 to {DAYS_KEPT} days, got {count}")
    today = day_of(now)
    return range(today - count + 1, today + 1)


def last_hours(now: Instant, count: int) -> range:
    """Return the numbers of the UTC hours of a window of `count` hours, oldest first.

    Raises:
        ValueError: 48 hours or more, or none.
    """
    if not 0 < count < HOURS_BELOW:
        raise ValueError(f"expected a window of 1 to {HOURS_BELOW - 1} hours, got {count}; a longer one is of days")
    running = hour_of(now)
    return range(running - count + 1, running + 1)


def is_of_hours(window: Duration) -> bool:
    """Say whether a window is one of hours, or one of UTC days."""
    return window < HOURS_BELOW * HOUR


def bounds(now: Instant, window: Duration) -> tuple[Instant, Instant]:
    """Return the window that ends with `now` as `[start, end)`; a part of an hour or of a day counts as a whole one."""
    step = HOUR if is_of_hours(window) else DAY
    end = now // step * step + step
    return end - -(-window // step) * step, end


def total_of(aggregation: Aggregation, buckets: Mapping[int, int], window: range) -> int | None:
    """Return what the buckets of a window come to, in scaled amounts; None where nothing was counted in it.

    `buckets` holds amounts by the number of their day or hour. `sum` and `count` add, `max` takes the highest,
    `latest` the last.

    Raises:
        ValueError: `unique`: how many differ in a window does not follow from how many differ in each day.
    """
    counted = [buckets[number] for number in window if number in buckets]
    if not counted:
        return None
    match aggregation:
        case "sum" | "count":
            return sum(counted)
        case "max":
            return max(counted)
        case "latest":
            return counted[-1]
        case "unique":
            raise ValueError("the members of a window are a union of sets, not a total of buckets")
