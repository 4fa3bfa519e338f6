"""Forecast: the Theil-Sen slope of complete days, and when it reaches the limit (semantics 6.2)."""

from __future__ import annotations

import pytest

from closed_day import NOVEMBER, TODAY, ClosedDays, rule
from expansion_signals.detect.forecast import run_out_forecast
from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR, format_instant

NOW = TODAY * DAY + 3 * HOUR


def used(each: int, days: int = 21, *, level: int = 0) -> ClosedDays:
    """Return an account that makes so many calls a day since so many days; the limit is 1,000, nine days are left."""
    account = ClosedDays(run_out_forecast, rule("usage_run_out_forecast", meter="calls"), level=level)
    account.first = TODAY - days
    return account.uses(each, range(1, days + 1))


def dates(account: ClosedDays, today: int = TODAY) -> list[str]:
    return [signal.data["runs_out_at"] for signal in account.looked_at(today)]


def test_the_date_is_where_the_rate_reaches_the_limit() -> None:
    assert dates(used(40, level=840)) == [format_instant(NOW + 4 * DAY)]


@pytest.mark.parametrize(("days", "fires"), [(6, False), (7, True), (8, True)])
def test_seven_complete_days_are_needed(days: int, *, fires: bool) -> None:
    assert bool(dates(used(40, days, level=840))) is fires


def test_a_single_day_of_ten_times_the_usage_does_not_move_it() -> None:
    assert dates(used(40, level=840).uses(400, [5])) == dates(used(40, level=840))


def test_days_before_the_last_fourteen_do_not_count() -> None:
    assert dates(used(40, level=840).uses(4000, range(15, 21))) == dates(used(40, level=840))


def test_the_day_that_runs_does_not_count() -> None:
    assert dates(used(40, level=840).uses(4000, [0])) == dates(used(40, level=840))


# The period ends on 1 December: 8 days and 21 hours, 213 hours, from 3:00 on 22 November.
@pytest.mark.parametrize(
    ("left", "fires"),
    [(212, True), (213, False), (214, False)],
)
def test_the_date_lies_before_the_end_of_the_period(left: int, *, fires: bool) -> None:
    # 24 calls a day are one an hour: so many hours are left.
    assert bool(dates(used(24, level=1000 - left))) is fires


@pytest.mark.parametrize(("left", "fires"), [(2999, True), (3000, True), (3001, False)])
def test_a_stock_runs_out_within_thirty_days(left: int, *, fires: bool) -> None:
    account = ClosedDays(run_out_forecast, rule("usage_run_out_forecast", meter="storage"))
    account.stored = {TODAY - back: 100 for back in range(1, 15)} | {TODAY - 40: 5000 - 1400 - left}
    assert bool(account.looked_at()) is fires


@pytest.mark.parametrize(("level", "fires"), [(999, True), (1000, False), (1001, False)])
def test_a_limit_that_is_reached_is_not_forecast(level: int, *, fires: bool) -> None:
    assert bool(dates(used(40, level=level))) is fires


def test_usage_that_stands_still_reaches_nothing() -> None:
    assert dates(used(0, level=999)) == []


def test_usage_that_is_taken_back_reaches_nothing() -> None:
    assert dates(used(-5, level=999)) == []


def test_a_plan_without_a_limit_has_no_forecast() -> None:
    account = used(40, level=840)
    account.account = Account(version=1, plan="open")
    assert dates(account) == []


def test_the_same_date_is_told_once() -> None:
    account = used(40, level=840)
    assert len(dates(account)) == 1
    account.calls[TODAY], account.level = 40, 880
    assert dates(account, TODAY + 1) == []


@pytest.mark.parametrize(("level", "told"), [(808, False), (807, True), (872, False), (873, True)])
def test_a_date_that_moves_by_more_than_a_fifth_of_what_is_left_is_told_again(level: int, *, told: bool) -> None:
    account = used(40, level=840)
    assert len(dates(account)) == 1
    # 4 days were left, so a fifth are 0.8 days: 32 calls at 40 a day.
    account.level = level
    assert bool(dates(account)) is told


def test_the_next_period_is_told_of_anew() -> None:
    account = used(40, level=840)
    account.told["r|calls"] = [NOVEMBER - 30 * DAY, NOW + 4 * DAY]
    assert len(dates(account)) == 1


def test_what_is_near_the_limit_is_exact() -> None:
    [found] = used(30, level=999).looked_at()
    assert found.data["runs_out_at"] == format_instant(NOW + DAY // 30)


def test_what_is_said_can_be_read_aloud() -> None:
    [found] = used(40, level=840).looked_at()
    said = "840 of 1,000 calls used; at 40 a day the limit is reached on 2026-11-26"
    assert (found.data["why"], found.data["days_left"], found.data["per_day"]) == (said, 4, "40")
