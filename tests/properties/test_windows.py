"""Windows hold whatever was counted, and whenever they are looked at (semantics 2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.model.instants import DAY, HOUR, day_of, hour_of
from expansion_signals.model.months import month_of, read_month
from expansion_signals.model.windows import DAYS_KEPT, HOURS_BELOW, last_days, last_hours, total_of

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTANTS = st.integers(0, 80_000 * DAY)
WIDTHS = st.integers(1, DAYS_KEPT)
DAYS = st.integers(0, 80_000)
TODAY = 20_000
BUCKETS = st.dictionaries(st.integers(TODAY - 90, TODAY + 2), st.integers(-(2**63), 2**63), max_size=30)


@given(now=INSTANTS, width=WIDTHS)
def test_a_window_of_days_ends_today_and_has_so_many(now: int, width: int) -> None:
    days = last_days(now, width)
    assert (days[-1], len(days)) == (day_of(now), width)


@given(now=INSTANTS, width=st.integers(1, HOURS_BELOW - 1))
def test_a_window_of_hours_ends_with_the_running_one_and_has_so_many(now: int, width: int) -> None:
    hours = last_hours(now, width)
    assert (hours[-1], len(hours)) == (hour_of(now), width)


@given(day=DAYS, width=WIDTHS, at=st.integers(0, DAY - 1), later=st.integers(0, DAY - 1))
def test_a_window_is_the_same_all_day_long(day: int, width: int, at: int, later: int) -> None:
    assert last_days(day * DAY + at, width) == last_days(day * DAY + later, width)


@given(day=DAYS, width=WIDTHS)
def test_the_next_day_a_window_has_moved_on_by_one(day: int, width: int) -> None:
    today, tomorrow = last_days(day * DAY, width), last_days((day + 1) * DAY, width)
    assert set(tomorrow) ^ set(today) == {today[0], tomorrow[-1]}


@given(buckets=BUCKETS, width=st.integers(2, DAYS_KEPT), cut=st.integers(1, DAYS_KEPT - 1))
def test_the_sum_of_a_window_is_that_of_its_parts(buckets: Mapping[int, int], width: int, cut: int) -> None:
    window = last_days(TODAY * DAY, width)
    parts = [total_of("sum", buckets, part) or 0 for part in (window[:cut], window[cut:])]
    assert (total_of("sum", buckets, window) or 0) == sum(parts)


@given(buckets=BUCKETS, width=WIDTHS)
def test_the_highest_of_a_window_is_in_it_and_nothing_is_higher(buckets: Mapping[int, int], width: int) -> None:
    window = last_days(TODAY * DAY, width)
    counted = [total for day, total in buckets.items() if day in window]
    assert total_of("max", buckets, window) == max(counted, default=None)


@given(buckets=BUCKETS, width=WIDTHS)
def test_the_latest_of_a_window_is_that_of_its_last_day(buckets: Mapping[int, int], width: int) -> None:
    window = last_days(TODAY * DAY, width)
    last = max((day for day in buckets if day in window), default=None)
    assert total_of("latest", buckets, window) == (None if last is None else buckets[last])


@given(day=DAYS)
def test_a_month_ends_where_the_next_begins(day: int) -> None:
    month = month_of(day)
    assert (month_of(day_of(month.end)), month_of(day_of(month.end - 1))) == (month.later(1), month)


@given(day=DAYS, months=st.integers(-500, 500))
def test_as_many_months_back_as_forward_is_the_same_month(day: int, months: int) -> None:
    assert month_of(day).later(months).later(-months) == month_of(day)


@given(day=DAYS)
def test_a_month_is_read_as_it_is_written(day: int) -> None:
    assert read_month(str(month_of(day))) == month_of(day)


@given(now=INSTANTS, width=st.integers(1, HOURS_BELOW - 1))
def test_hours_of_a_window_lie_within_its_length_before_now(now: int, width: int) -> None:
    hours = last_hours(now, width)
    assert (now // HOUR * HOUR + HOUR) - hours[0] * HOUR == width * HOUR
