"""The worked timelines of windows (semantics 2.5)."""

from __future__ import annotations

import pytest

from expansion_signals.model.instants import day_of, hour_of, parse_instant
from expansion_signals.model.windows import last_days, last_hours, total_of

BUCKETS = {day_of(parse_instant(f"2026-11-{day}T00:00:00Z")): total for day, total in ((19, 5), (21, 7), (22, 2))}


@pytest.mark.parametrize(
    ("now", "totals"),
    [
        ("2026-11-22T00:00:00Z", (9, 7, 2)),
        ("2026-11-22T23:59:59.999999Z", (9, 7, 2)),
        ("2026-11-23T00:00:00Z", (9, 7, 2)),
        ("2026-11-24T00:00:00Z", (2, 2, 2)),
        ("2026-11-25T12:00:00Z", (None, None, None)),
    ],
)
def test_a_window_of_three_days_moves_on_at_midnight_utc(now: str, totals: tuple[int | None, ...]) -> None:
    window = last_days(parse_instant(now), 3)
    assert tuple(total_of(each, BUCKETS, window) for each in ("sum", "max", "latest")) == totals


def test_events_are_counted_as_a_sum() -> None:
    assert total_of("count", BUCKETS, last_days(parse_instant("2026-11-22T00:00:00Z"), 4)) == 14


def test_a_day_on_which_clocks_change_is_a_day_like_any_other() -> None:
    assert len(last_days(parse_instant("2026-10-25T23:30:00Z"), 1)) == 1


def test_a_window_of_hours_ends_with_the_running_hour() -> None:
    now = parse_instant("2026-11-22T10:59:59Z")
    assert last_hours(now, 2) == range(hour_of(now) - 1, hour_of(now) + 1)


@pytest.mark.parametrize("count", [0, 63])
def test_a_window_has_one_to_62_days(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 62 days"):
        last_days(0, count)


@pytest.mark.parametrize("count", [0, 48])
def test_a_window_of_hours_is_below_48(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 47 hours"):
        last_hours(0, count)


def test_how_many_differ_does_not_follow_from_buckets() -> None:
    with pytest.raises(ValueError, match="union of sets"):
        total_of("unique", {1: 2}, range(1, 2))
