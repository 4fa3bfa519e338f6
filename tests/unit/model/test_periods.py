"""Edge case 26 of semantics 11: month-end anchors, leap years, days of 23 and 25 hours."""

from __future__ import annotations

import pytest

from expansion_signals.model.accounts import Anchor
from expansion_signals.model.instants import HOUR, format_instant, parse_instant
from expansion_signals.model.periods import closed, period_at, period_of
from expansion_signals.model.readings import Period


def anchor(text: str, unit: str = "month", valid_from: str = "1970-01-01T00:00:00Z") -> Anchor:
    return Anchor(valid_from=valid_from, anchor=text, unit=unit)


def starts(since: Anchor, zone: str, first: str, count: int) -> list[str]:
    """Return the starts of this many periods on end, from the one that contains `first`."""
    period = period_at(since, zone, parse_instant(first))
    found = [period.start]
    while len(found) < count:
        period = period_at(since, zone, period.end)
        found.append(period.start)
    return [format_instant(start) for start in found]


def hours(since: Anchor, zone: str, instant: str) -> float:
    period = period_at(since, zone, parse_instant(instant))
    return (period.end - period.start) / HOUR


def test_a_month_end_anchor_is_clamped_and_never_drifts() -> None:
    assert starts(anchor("2026-01-31T00:00:00Z"), "UTC", "2026-01-31T00:00:00Z", 5) == [
        "2026-01-31T00:00:00Z",
        "2026-02-28T00:00:00Z",
        "2026-03-31T00:00:00Z",
        "2026-04-30T00:00:00Z",
        "2026-05-31T00:00:00Z",
    ]


def test_a_month_from_the_31st_in_berlin_begins_at_its_midnight_in_winter_and_in_summer() -> None:
    assert starts(anchor("2026-01-30T23:00:00Z"), "Europe/Berlin", "2026-03-01T00:00:00Z", 3) == [
        "2026-02-27T23:00:00Z",
        "2026-03-30T22:00:00Z",
        "2026-04-29T22:00:00Z",
    ]


def test_a_leap_year_has_a_29th_of_february() -> None:
    assert starts(anchor("2026-01-31T00:00:00Z"), "UTC", "2028-02-29T00:00:00Z", 1) == ["2028-02-29T00:00:00Z"]


def test_a_year_from_the_29th_of_february_comes_back_to_it() -> None:
    assert starts(anchor("2024-02-29T00:00:00Z", "year"), "UTC", "2024-03-01T00:00:00Z", 5) == [
        "2024-02-29T00:00:00Z",
        "2025-02-28T00:00:00Z",
        "2026-02-28T00:00:00Z",
        "2027-02-28T00:00:00Z",
        "2028-02-29T00:00:00Z",
    ]


def test_a_quarter_is_three_months() -> None:
    assert starts(anchor("2025-11-30T00:00:00Z", "quarter"), "UTC", "2025-12-01T00:00:00Z", 3) == [
        "2025-11-30T00:00:00Z",
        "2026-02-28T00:00:00Z",
        "2026-05-30T00:00:00Z",
    ]


def test_a_week_is_seven_days_of_the_calendar() -> None:
    assert hours(anchor("2026-03-22T23:00:00Z", "week"), "Europe/Berlin", "2026-03-25T00:00:00Z") == 7 * 24 - 1


def test_a_day_in_spring_has_23_hours() -> None:
    assert hours(anchor("2026-01-01T23:00:00Z", "day"), "Europe/Berlin", "2026-03-29T12:00:00Z") == 23


def test_a_day_in_autumn_has_25_hours() -> None:
    assert hours(anchor("2026-01-01T23:00:00Z", "day"), "Europe/Berlin", "2026-10-25T12:00:00Z") == 25


def test_a_boundary_inside_a_gap_moves_forward_by_the_gap() -> None:
    half_past_two = anchor("2026-01-01T01:30:00Z", "day")
    assert starts(half_past_two, "Europe/Berlin", "2026-03-29T12:00:00Z", 1) == ["2026-03-29T01:30:00Z"]


def test_a_boundary_inside_an_overlap_is_the_first_occurrence() -> None:
    half_past_two = anchor("2026-01-01T01:30:00Z", "day")
    assert starts(half_past_two, "Europe/Berlin", "2026-10-25T12:00:00Z", 1) == ["2026-10-25T00:30:00Z"]


def test_a_day_that_a_zone_skipped_is_no_period() -> None:
    midnight = anchor("2011-12-01T10:00:00Z", "day")
    assert starts(midnight, "Pacific/Apia", "2011-12-29T12:00:00Z", 3) == [
        "2011-12-29T10:00:00Z",
        "2011-12-30T10:00:00Z",
        "2011-12-31T10:00:00Z",
    ]


def test_the_anchor_is_read_in_the_accounts_zone() -> None:
    new_year_in_tokyo = anchor("2025-12-31T15:00:00Z")
    assert starts(new_year_in_tokyo, "Asia/Tokyo", "2026-02-01T00:00:00Z", 1) == ["2026-01-31T15:00:00Z"]


def test_an_instant_before_the_anchor_has_its_period_too() -> None:
    assert starts(anchor("2026-01-31T00:00:00Z"), "UTC", "2025-12-01T00:00:00Z", 2) == [
        "2025-11-30T00:00:00Z",
        "2025-12-31T00:00:00Z",
    ]


def test_a_period_begins_with_its_start_and_ends_before_its_end() -> None:
    since = anchor("2026-01-31T00:00:00Z")
    period = period_at(since, "UTC", parse_instant("2026-02-28T00:00:00Z"))
    assert period_at(since, "UTC", period.end).start == period.end


CHANGED = (anchor("2026-01-01T00:00:00Z"), anchor("2026-01-10T00:00:00Z", "month", "2026-03-15T12:00:00Z"))


@pytest.mark.parametrize(
    ("instant", "start", "end"),
    [
        ("2026-02-10T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2026-03-15T11:59:59Z", "2026-03-01T00:00:00Z", "2026-03-15T12:00:00Z"),
        ("2026-03-15T12:00:00Z", "2026-03-15T12:00:00Z", "2026-04-10T00:00:00Z"),
        ("2026-04-10T00:00:00Z", "2026-04-10T00:00:00Z", "2026-05-10T00:00:00Z"),
        ("1969-12-10T00:00:00Z", "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ],
)
def test_a_new_anchor_closes_the_running_period_and_opens_one(instant: str, start: str, end: str) -> None:
    period = period_of(CHANGED, "UTC", parse_instant(instant))
    assert (format_instant(period.start), format_instant(period.end)) == (start, end)


@pytest.mark.parametrize(("appended", "over"), [(19, False), (20, True), (21, True)])
def test_a_period_is_closed_from_its_end_on(appended: int, *, over: bool) -> None:
    assert closed(Period(10, 20), appended) is over


def test_a_stock_is_never_closed() -> None:
    assert closed(None, 10**18) is False
