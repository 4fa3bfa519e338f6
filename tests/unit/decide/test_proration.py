from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.proration import prorated, share_left
from expansion_signals.model.instants import DAY, parse_instant
from expansion_signals.model.readings import Period

NOVEMBER = Period(parse_instant("2026-11-01T00:00:00Z"), parse_instant("2026-12-01T00:00:00Z"))
BERLIN_MARCH = Period(parse_instant("2026-02-28T23:00:00Z"), parse_instant("2026-03-31T22:00:00Z"))

INSTANTS = st.integers(NOVEMBER.start - DAY, NOVEMBER.end + DAY)
PERIODS = st.builds(
    lambda start, length: Period(start, start + length), st.integers(0, 2**50), st.integers(1, 400 * DAY)
)


def test_the_worked_number_holds() -> None:
    assert prorated(Fraction(100 - 50), NOVEMBER, NOVEMBER.end - 15 * DAY) == 25


@pytest.mark.parametrize(
    ("time", "by_second", "by_day"),
    [
        ("2026-11-01T00:00:00Z", Fraction(1), Fraction(1)),
        ("2026-11-22T00:00:00Z", Fraction(9, 30), Fraction(9, 30)),
        ("2026-11-22T12:00:00Z", Fraction(17, 60), Fraction(9, 30)),
        ("2026-11-30T23:59:59Z", Fraction(1, 30 * 86_400), Fraction(1, 30)),
        ("2026-12-01T00:00:00Z", Fraction(0), Fraction(0)),
        ("2026-12-24T00:00:00Z", Fraction(0), Fraction(0)),
        ("2026-10-24T00:00:00Z", Fraction(1), Fraction(1)),
    ],
)
def test_seconds_count_or_whole_days_with_the_present_one(time: str, by_second: Fraction, by_day: Fraction) -> None:
    instant = parse_instant(time)
    shares = (share_left(NOVEMBER, instant), share_left(NOVEMBER, instant, by_day=True))
    assert shares == (by_second, by_day)


def test_a_month_in_spring_is_an_hour_short() -> None:
    assert share_left(BERLIN_MARCH, BERLIN_MARCH.end - 743 * DAY // 48) == Fraction(1, 2)


@given(PERIODS, st.integers(0, 2**51), st.booleans())
def test_what_is_left_is_a_part_of_the_whole(period: Period, instant: int, by_day: bool) -> None:  # noqa: FBT001 -- Hypothesis passes it by name
    assert 0 <= share_left(period, instant, by_day=by_day) <= 1


@given(INSTANTS, INSTANTS, st.booleans())
def test_it_never_grows_as_time_goes_on(one: int, other: int, by_day: bool) -> None:  # noqa: FBT001 -- the same
    earlier, later = sorted((one, other))
    assert share_left(NOVEMBER, earlier, by_day=by_day) >= share_left(NOVEMBER, later, by_day=by_day)


@given(INSTANTS)
def test_days_are_never_to_the_disadvantage_of_who_sells(instant: int) -> None:
    assert share_left(NOVEMBER, instant, by_day=True) >= share_left(NOVEMBER, instant)
