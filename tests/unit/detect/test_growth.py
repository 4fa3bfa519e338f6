"""Growth and decline: complete windows against those before them, once in a cooldown (semantics 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from closed_day import TODAY, ClosedDays, rule
from expansion_signals.detect.growth import accelerated, declined, volume_grown
from expansion_signals.model.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.signals import Signal

LAST_WEEK, WEEK_BEFORE = range(1, 8), range(8, 15)
LAST_MONTH, MONTH_BEFORE = range(1, 31), range(31, 61)


def grown(before: int, after: int, **options: int) -> ClosedDays:
    """Return an account whose calls of one day in each of two weeks come to this."""
    days = ClosedDays(accelerated, rule("usage_accelerated", **options))
    return days.uses(before, [14]).uses(after, [7])


def fallen(before: int, after: int) -> ClosedDays:
    return ClosedDays(declined, rule("usage_declined")).uses(before, [60]).uses(after, [30])


def growths(found: Sequence[Signal]) -> list[str]:
    return [signal.data["growth"] for signal in found]


@pytest.mark.parametrize(("after", "growth"), [(1099, []), (1100, []), (1101, ["10.1"])])
def test_usage_accelerates_above_ten_percent_only(after: int, growth: list[str]) -> None:
    assert growths(grown(1000, after).looked_at()) == growth


@pytest.mark.parametrize(("before", "fires"), [(99, False), (100, True), (101, True)])
def test_the_earlier_window_holds_at_least_a_hundred_units(before: int, *, fires: bool) -> None:
    assert bool(grown(before, 500).looked_at()) is fires


@pytest.mark.parametrize(("first", "fires"), [(15, True), (14, False)])
def test_both_windows_lie_after_the_first_counted_day(first: int, *, fires: bool) -> None:
    days = grown(1000, 2000)
    days.first = TODAY - first
    assert bool(days.looked_at()) is fires


def test_an_account_that_never_counted_has_no_growth() -> None:
    days = ClosedDays(accelerated, rule("usage_accelerated"))
    days.first = None
    assert days.looked_at() == []


@pytest.mark.parametrize(("back", "growth"), [(0, []), (1, ["100"]), (7, ["100"])])
def test_the_later_window_ends_with_the_day_that_closed(back: int, growth: list[str]) -> None:
    days = ClosedDays(accelerated, rule("usage_accelerated")).uses(200, [14]).uses(400, [back])
    assert growths(days.looked_at()) == growth


@pytest.mark.parametrize(("back", "growth"), [(15, []), (14, ["100"]), (8, ["100"])])
def test_the_earlier_window_begins_where_fourteen_days_do(back: int, growth: list[str]) -> None:
    days = ClosedDays(accelerated, rule("usage_accelerated")).uses(200, [back]).uses(400, [1])
    assert growths(days.looked_at()) == growth


def test_a_rule_may_compare_thirty_days() -> None:
    days = (
        ClosedDays(accelerated, rule("usage_accelerated", within=30 * DAY)).uses(10, MONTH_BEFORE).uses(12, LAST_MONTH)
    )
    [found] = days.looked_at()
    assert (found.data["window"], found.data["usage"], found.data["previous"]) == ("30d", "360", "300")


@pytest.mark.parametrize(("later", "fires"), [(6, False), (7, True)])
def test_the_same_growth_is_told_again_after_seven_days(later: int, *, fires: bool) -> None:
    days = ClosedDays(accelerated, rule("usage_accelerated"))
    for back in range(-30, 40):
        days.calls[TODAY - back] = round(100 * 1.05 ** (40 - back))
    assert days.looked_at() != []
    assert bool(days.looked_at(TODAY + later)) is fires


def test_a_rule_may_cool_down_longer() -> None:
    days = ClosedDays(accelerated, rule("usage_accelerated", cooldown=14 * DAY))
    days.calls = {TODAY - back: round(100 * 1.05 ** (40 - back)) for back in range(-30, 40)}
    assert [len(days.looked_at(TODAY + later)) for later in (0, 13, 14)] == [1, 0, 1]


def test_a_day_that_is_looked_at_again_tells_nothing_twice() -> None:
    days = grown(1000, 2000)
    assert (len(days.looked_at()), days.looked_at()) == (1, [])


def test_the_same_day_has_the_same_id_and_the_next_has_another() -> None:
    first, again = grown(1000, 2000).looked_at(), grown(1000, 2000).looked_at()
    [later] = ClosedDays(accelerated, rule("usage_accelerated")).uses(1000, [13]).uses(2000, [6]).looked_at(TODAY + 1)
    assert first[0].id == again[0].id != later.id


def test_a_rule_without_a_meter_looks_at_each_that_adds_up() -> None:
    days = grown(1000, 2000)
    days.stored = {TODAY - 14: 20_000, TODAY - 7: 40_000}
    assert [signal.data["meter"] for signal in days.looked_at()] == ["calls", "storage"]


def test_meters_cool_down_apart() -> None:
    days = grown(1000, 2000)
    days.looked_at()
    days.stored = {TODAY - 14: 20_000, TODAY - 7: 40_000}
    assert [signal.data["meter"] for signal in days.looked_at()] == ["storage"]


def test_a_correction_below_zero_is_no_base() -> None:
    assert grown(-500, 2000).looked_at() == []


@pytest.mark.parametrize(("after", "growth"), [(701, []), (700, ["-30"]), (699, ["-30.1"])])
def test_usage_declines_by_thirty_percent_and_more(after: int, growth: list[str]) -> None:
    assert growths(fallen(1000, after).looked_at()) == growth


@pytest.mark.parametrize(("later", "fires"), [(29, False), (30, True)])
def test_a_decline_is_told_again_after_thirty_days(later: int, *, fires: bool) -> None:
    days = ClosedDays(declined, rule("usage_declined"))
    days.calls = {TODAY - back: round(1000 * 0.98 ** (60 - back)) for back in range(-40, 61)}
    assert days.looked_at() != []
    assert bool(days.looked_at(TODAY + later)) is fires


def test_usage_that_ends_altogether_has_fallen_by_all_of_it() -> None:
    days = ClosedDays(declined, rule("usage_declined")).uses(100, MONTH_BEFORE)
    assert growths(days.looked_at()) == ["-100"]


def test_a_decline_belongs_to_retention() -> None:
    assert [signal.data["family"] for signal in fallen(1000, 500).looked_at()] == ["retention"]


def test_volume_is_of_meters_whose_unit_is_data() -> None:
    days = ClosedDays(volume_grown, rule("volume_grown")).uses(1000, WEEK_BEFORE).uses(2000, LAST_WEEK)
    days.stored = {TODAY - 14: 20_000, TODAY - 7: 25_050}
    [found] = days.looked_at()
    assert (found.type, found.data["meter"], found.data["usage"]) == ("volume.grown", "storage", "250.5")


def test_volume_may_name_any_meter() -> None:
    days = ClosedDays(volume_grown, rule("volume_grown", meter="calls")).uses(1000, [14]).uses(2000, [7])
    assert [signal.data["meter"] for signal in days.looked_at()] == ["calls"]


def test_what_is_said_can_be_read_aloud() -> None:
    [found] = grown(1000, 1250).looked_at()
    assert found.data["why"] == "1,250 calls in 7 days, 25 % more than the 1,000 in the 7 days before"
