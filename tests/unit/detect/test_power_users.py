"""Power users: the 90th percentile of a plan's accounts on a day, by nearest rank (semantics 6.4)."""

from __future__ import annotations

import pytest

from closed_day import TODAY, ClosedDays, rule
from expansion_signals.detect.power_users import PlanUse, power_user_reached, used_together
from expansion_signals.model.looks import DayUsed

TWENTY = PlanUse(20, [*[10] * 17, 40, 50, 60])


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
        (PlanUse(20, [10] * 20), 10),
        (PlanUse(20, [7, 8, 9]), 7),
        (PlanUse(20, [8, 9]), 0),
        (PlanUse(21, [7, 8, 9]), 7),
        (PlanUse(100, list(range(1, 101))), 90),
        (PlanUse(10_000, list(range(1, 10_001))), 9_000),
    ],
)
def test_the_percentile_is_of_nearest_rank_with_those_who_used_nothing(use: PlanUse, percentile: int) -> None:
    assert use.percentile(90) == percentile


@pytest.mark.parametrize(("accounts", "fires"), [(19, False), (20, True), (10_000, True), (10_001, False)])
def test_a_plan_has_twenty_to_ten_thousand_accounts(accounts: int, *, fires: bool) -> None:
    assert bool(uses(100, PlanUse(accounts, [100])).looked_at()) is fires


@pytest.mark.parametrize(("alike", "fires"), [(9, True), (10, True), (11, False), (20, False)])
def test_what_half_of_the_accounts_reach_is_no_distinction(alike: int, *, fires: bool) -> None:
    assert bool(uses(100, PlanUse(20, [*range(1, 21 - alike), *[100] * alike])).looked_at()) is fires


def test_who_used_nothing_is_no_power_user() -> None:
    assert uses(0, PlanUse(20, [])).looked_at() == []


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


def test_shards_are_put_together() -> None:
    one = DayUsed(TODAY, {"free": 3, "open": 1}, {("free", "calls"): [5, 9]})
    other = DayUsed(TODAY, {"free": 4}, {("free", "calls"): [7], ("free", "storage"): [1]})
    assert used_together([one, other]) == {
        ("free", "calls"): PlanUse(7, [5, 7, 9]),
        ("free", "storage"): PlanUse(7, [1]),
    }


def test_what_is_said_can_be_read_aloud() -> None:
    [found] = uses(1200).looked_at()
    told = [found.data[name] for name in ("usage", "at_least", "percentile", "accounts")]
    said = "1,200 calls in a day, among the top 10 % of 20 accounts on free"
    assert (told, found.data["why"]) == (["1200", "40", "90", 20], said)
