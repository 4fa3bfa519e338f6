"""Power users: the 90th percentile of a plan's accounts on a day, by nearest rank (semantics 6.4)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from closed_day import TODAY, ClosedDays, rule
from expansion_signals.detect.power_users import PlanUse, plan_use, plan_uses, power_user_reached
from expansion_signals.model.day_used import DayUsed

if TYPE_CHECKING:
    from collections.abc import Iterable


def use_of(accounts: int, amounts: Iterable[int]) -> PlanUse:
    return plan_use(accounts, Counter(amounts))


TWENTY = use_of(20, [*[10] * 17, 40, 50, 60])
MANY = 10_001
"""One account more than are counted exactly."""


def uses(calls: int, among: PlanUse = TWENTY, plan: str = "free") -> ClosedDays:
    account = ClosedDays(power_user_reached, rule("power_user_reached", meter="calls")).uses(calls, [1])
    account.used = {(plan, "calls"): among}
    return account


@pytest.mark.parametrize(("calls", "fires"), [(39, False), (40, True), (41, True)])
def test_an_account_at_or_above_the_percentile_is_a_power_user(calls: int, *, fires: bool) -> None:
    assert bool(uses(calls).looked_at()) is fires


@pytest.mark.parametrize(
    ("use", "percentile"),
    [
        (use_of(20, [10] * 20), 10),
        (use_of(20, [7, 8, 9]), 7),
        (use_of(20, [8, 9]), 0),
        (use_of(21, [7, 8, 9]), 7),
        (use_of(100, range(1, 101)), 90),
        (use_of(10_000, range(1, 10_001)), 9_000),
    ],
)
def test_the_percentile_is_of_nearest_rank_with_those_who_used_nothing(use: PlanUse, percentile: int) -> None:
    assert use.at_least == percentile


@pytest.mark.parametrize(("accounts", "fires"), [(19, False), (20, True), (10_000, True), (10_001, True)])
def test_a_plan_has_at_least_twenty_accounts(accounts: int, *, fires: bool) -> None:
    assert bool(uses(100, use_of(accounts, [100])).looked_at()) is fires


@pytest.mark.parametrize(("alike", "fires"), [(9, True), (10, True), (11, False), (20, False)])
def test_what_half_of_the_accounts_reach_is_no_distinction(alike: int, *, fires: bool) -> None:
    assert bool(uses(100, use_of(20, [*range(1, 21 - alike), *[100] * alike])).looked_at()) is fires


@pytest.mark.parametrize(("accounts", "approximate"), [(10_000, None), (10_001, True)])
def test_a_percentile_that_is_an_estimate_says_so(accounts: int, *, approximate: bool | None) -> None:
    [found] = uses(1200, use_of(accounts, [1000] * 2000)).looked_at()
    told = [found.data.get(name) for name in ("at_least", "accounts", "approximate")]
    assert told == ["1000", accounts, approximate]


@pytest.mark.parametrize(("calls", "fires"), [(999, False), (1000, True), (1003, True), (1004, True)])
def test_of_an_estimate_what_is_rounded_to_the_percentile_reaches_it(calls: int, *, fires: bool) -> None:
    # Amounts from 1,000 to 1,003 stand as 1,000.
    assert bool(uses(calls, use_of(MANY, [1000] * 2000)).looked_at()) is fires


@pytest.mark.parametrize(("calls", "fires"), [(1001, False), (1003, False), (1004, True)])
def test_of_an_estimate_what_is_rounded_to_the_median_is_no_distinction(calls: int, *, fires: bool) -> None:
    assert bool(uses(calls, use_of(MANY, [1000] * MANY)).looked_at()) is fires


def test_who_used_nothing_is_no_power_user() -> None:
    assert uses(0, use_of(20, [])).looked_at() == []


def test_the_day_that_closed_is_what_counts() -> None:
    account = uses(0).uses(100, [0, 2])
    assert account.looked_at() == []


def test_plans_are_compared_apart() -> None:
    assert uses(100, plan="open").looked_at() == []


def test_nobody_is_told_until_every_shard_is_there() -> None:
    account = uses(100)
    account.used = {}
    assert account.looked_at() == []


def test_a_power_user_is_told_once_in_seven_days() -> None:
    account = uses(100)
    account.calls = {TODAY + day: 100 for day in range(-1, 10)}
    assert [len(account.looked_at(TODAY + later)) for later in (0, 0, 1, 6, 7)] == [1, 0, 0, 0, 1]


def test_plans_and_meters_have_their_own_percentiles() -> None:
    amounts = {("free", "calls"): {5: 1, 7: 1, 9: 1}, ("free", "storage"): {1: 1}, ("open", "calls"): {8: 2}}
    assert plan_uses(DayUsed(TODAY, {"free": 7, "open": 2}, amounts)) == {
        ("free", "calls"): PlanUse(7, at_least=9, half=0),
        ("free", "storage"): PlanUse(7, at_least=1, half=0),
        ("open", "calls"): PlanUse(2, at_least=8, half=8),
    }


def test_what_is_said_can_be_read_aloud() -> None:
    [found] = uses(1200).looked_at()
    told = [found.data[name] for name in ("usage", "at_least", "percentile", "accounts")]
    said = "1,200 calls in a day, among the top 10 % of 20 accounts on free"
    assert (told, found.data["why"]) == (["1200", "40", "90", 20], said)
