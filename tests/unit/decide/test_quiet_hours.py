from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.quiet_hours import quiet_until
from expansion_signals.model.instants import DAY, HOUR, MINUTE, format_instant, parse_instant
from expansion_signals.rules.policy import QuietHours

NIGHT, NOON, EARLY = QuietHours(20 * 60, 8 * 60), QuietHours(12 * 60, 14 * 60), QuietHours(2 * 60 + 30, 6 * 60)
BERLIN, NEW_YORK, KIRITIMATI = "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"


def until(quiet: QuietHours | None, zone: str, now: str) -> str | None:
    end = quiet_until(quiet, zone, parse_instant(now))
    return None if end is None else format_instant(end)


def test_without_quiet_hours_nothing_is_quiet() -> None:
    assert until(None, "UTC", "2026-11-22T03:00:00Z") is None


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-22T11:59:59.999999Z", None),
        ("2026-11-22T12:00:00Z", "2026-11-22T14:00:00Z"),
        ("2026-11-22T13:59:59.999999Z", "2026-11-22T14:00:00Z"),
        ("2026-11-22T14:00:00Z", None),
    ],
)
def test_they_begin_at_the_first_moment_and_are_over_at_the_last(now: str, end: str | None) -> None:
    assert until(NOON, "UTC", now) == end


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-22T19:59:59Z", None),
        ("2026-11-22T20:00:00Z", "2026-11-23T08:00:00Z"),
        ("2026-11-22T23:59:59Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T00:00:00Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T08:00:00Z", None),
    ],
)
def test_they_may_pass_midnight(now: str, end: str | None) -> None:
    assert until(NIGHT, "UTC", now) == end


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        (BERLIN, "2026-11-22T18:59:59Z", None),
        (BERLIN, "2026-11-22T19:00:00Z", "2026-11-23T07:00:00Z"),
        (BERLIN, "2026-07-22T18:00:00Z", "2026-07-23T06:00:00Z"),
        (NEW_YORK, "2026-11-22T19:00:00Z", None),
        (NEW_YORK, "2026-11-23T01:00:00Z", "2026-11-23T13:00:00Z"),
        (KIRITIMATI, "2026-11-22T10:00:00Z", "2026-11-22T18:00:00Z"),
        ("Asia/Kolkata", "2026-11-22T14:30:00Z", "2026-11-23T02:30:00Z"),
    ],
)
def test_they_are_those_of_the_accounts_own_time(zone: str, now: str, end: str | None) -> None:
    assert until(NIGHT, zone, now) == end


@pytest.mark.parametrize(
    ("now", "end"),
    [
        # 29 March has 23 hours: 02:00 is followed by 03:00.
        ("2026-03-28T19:00:00Z", "2026-03-29T06:00:00Z"),
        ("2026-03-29T05:59:59Z", "2026-03-29T06:00:00Z"),
        # 25 October has 25: 03:00 is followed by 02:00.
        ("2026-10-24T18:00:00Z", "2026-10-25T07:00:00Z"),
        ("2026-10-25T06:59:59Z", "2026-10-25T07:00:00Z"),
    ],
)
def test_a_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer(now: str, end: str) -> None:
    assert until(NIGHT, BERLIN, now) == end


@pytest.mark.parametrize(
    ("now", "end"),
    [
        # In spring 02:30 does not come: they begin at 03:30, as late as the clocks are put forward.
        ("2026-03-29T01:29:59Z", None),
        ("2026-03-29T01:30:00Z", "2026-03-29T04:00:00Z"),
        # In autumn 02:30 comes twice: they begin with the first, and the hour that is shown again is in them.
        ("2026-10-25T00:29:59Z", None),
        ("2026-10-25T00:30:00Z", "2026-10-25T05:00:00Z"),
        ("2026-10-25T01:10:00Z", "2026-10-25T05:00:00Z"),
    ],
)
def test_a_time_that_the_clocks_skip_or_show_twice_is_where_a_period_would_begin(now: str, end: str | None) -> None:
    assert until(EARLY, BERLIN, now) == end


def test_what_ends_at_a_time_that_is_shown_twice_ends_with_the_first() -> None:
    late = QuietHours(22 * 60, 2 * 60 + 30)
    assert [until(late, BERLIN, f"2026-10-25T{time}Z") for time in ("00:29:59", "00:30:00", "01:15:00")] == [
        "2026-10-25T00:30:00Z",
        None,
        None,
    ]


@given(
    start=st.integers(0, 1439),
    length=st.integers(1, 1439),
    zone=st.sampled_from(["UTC", BERLIN, NEW_YORK, KIRITIMATI, "Australia/Lord_Howe", "Africa/Casablanca"]),
    minute=st.integers(0, 366 * 24 * 60),
)
def test_at_any_time_their_end_is_to_come_within_a_day_and_then_they_are_over(
    start: int, length: int, zone: str, minute: int
) -> None:
    quiet = QuietHours(start, (start + length) % 1440)
    now = parse_instant("2026-01-01T00:00:00Z") + minute * MINUTE
    end = quiet_until(quiet, zone, now)
    assert end is None or (now < end <= now + DAY + HOUR and quiet_until(quiet, zone, end) is None)
