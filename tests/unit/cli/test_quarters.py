from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from briefed_account import CONFIGURATION, NOW
from expansion_signals.cli.quarters import days_of_two_quarters, uses_of
from expansion_signals.model.instants import DAY, parse_day, parse_instant
from expansion_signals.model.months import Month
from expansion_signals.model.standing import AccountStanding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.cli.quarters import MeterUse


def _uses(days: Mapping[tuple[str, int], int], months: Mapping[tuple[str, Month], int]) -> Mapping[str, MeterUse]:
    standing = AccountStanding("acct-1", 1, None, {}, {}, {}, 0, days, None, {}, months=months)
    return {use.meter.key: use for use in uses_of(standing, CONFIGURATION.catalog, NOW)}


def _worked() -> MeterUse:
    totals = {5: 100, 6: 110, 7: 120, 8: 130}
    days = {("api_calls", parse_day("2026-09-10")): 140, ("api_calls", parse_day("2026-10-31")): 160}
    days[("api_calls", parse_day("2026-11-03"))] = 95
    return _uses(days, {("api_calls", Month(2026, number)): total for number, total in totals.items()})["api_calls"]


def test_the_quarter_is_the_last_three_whole_months() -> None:
    assert (_worked().before, _worked().quarter, _worked().so_far) == (330, 430, 95)


def test_growth_is_against_the_quarter_before() -> None:
    assert _worked().growth == Fraction(100, 330)


def test_a_total_that_is_kept_stands_before_the_days_of_its_month() -> None:
    october = parse_day("2026-10-05")
    use = _uses({("api_calls", october): 7}, {("api_calls", Month(2026, 10)): 70})["api_calls"]
    assert use.quarter == 70


def test_a_quarter_without_one_before_has_no_growth() -> None:
    use = _uses({("api_calls", parse_day("2026-10-05")): 7}, {})["api_calls"]
    assert (use.before, use.quarter, use.growth) == (None, 7, None)


def test_a_meter_of_which_nothing_was_counted_is_left_out() -> None:
    assert _uses({}, {}) == {}


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [("2026-11-22T10:00:00Z", "2026-05-01", "2026-11-22"), ("2026-01-01T00:00:00Z", "2025-07-01", "2026-01-01")],
)
def test_the_days_of_both_quarters_and_of_the_running_month_are_read(now: str, first: str, last: str) -> None:
    days = days_of_two_quarters(parse_instant(now))
    assert (days.start, days.stop - 1) == (parse_day(first), parse_day(last))


def test_no_day_of_the_quarters_is_before_those_that_are_read() -> None:
    assert days_of_two_quarters(NOW).start * DAY == Month(2026, 4).end
