"""Renewal: told once a term, 90 days before it or as a rule says."""

from __future__ import annotations

import pytest

from closed_day import TODAY, ClosedDays, rule
from expansion_signals.detect.renewal import renewal_near
from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR

NOW = TODAY * DAY + 3 * HOUR


def renews(at: int | None, *, level: int = 0, plan: str = "free", **options: int) -> ClosedDays:
    account = Account(version=1, plan=plan, renewal_at=at)
    return ClosedDays(renewal_near, rule("renewal_near", **options), account, level=level)


@pytest.mark.parametrize(("left", "fires"), [(90 * DAY + 1, False), (90 * DAY, True), (90 * DAY - 1, True)])
def test_a_renewal_is_near_from_ninety_days_on(left: int, *, fires: bool) -> None:
    assert bool(renews(NOW + left).looked_at()) is fires


@pytest.mark.parametrize(("left", "fires"), [(1, True), (0, False), (-1, False)])
def test_a_renewal_that_has_come_is_not_near(left: int, *, fires: bool) -> None:
    assert bool(renews(NOW + left).looked_at()) is fires


@pytest.mark.parametrize(("left", "fires"), [(30 * DAY + 1, False), (30 * DAY, True)])
def test_a_rule_may_say_how_near(left: int, *, fires: bool) -> None:
    assert bool(renews(NOW + left, within=30 * DAY).looked_at()) is fires


def test_an_account_without_a_renewal_is_never_near_one() -> None:
    assert renews(None).looked_at() == []


def test_a_term_is_told_once() -> None:
    account = renews(NOW + 60 * DAY)
    assert (len(account.looked_at()), account.looked_at(TODAY + 1)) == (1, [])


def test_the_next_term_is_told_again_under_another_id() -> None:
    account = renews(NOW + 10 * DAY)
    [first] = account.looked_at()
    account.account = Account(version=2, plan="free", renewal_at=NOW + 80 * DAY)
    [second] = account.looked_at(TODAY + 1)
    assert first.id != second.id


def test_the_term_gives_the_id_whatever_day_tells_it() -> None:
    [first], [second] = renews(NOW + 60 * DAY).looked_at(), renews(NOW + 60 * DAY).looked_at(TODAY + 5)
    assert first.id == second.id


def test_it_names_the_meter_of_which_most_is_used() -> None:
    account = renews(NOW + 60 * DAY + 5 * HOUR, level=840)
    account.stored = {TODAY - 3: 1000}
    [found] = account.looked_at()
    told = [found.data[name] for name in ("meter", "utilization", "days_to_renewal")]
    assert told == ["calls", "0.84", 60]


def test_a_plan_without_limits_has_no_utilization() -> None:
    [found] = renews(NOW + 60 * DAY, plan="open").looked_at()
    assert (found.data["meter"], found.data["utilization"]) == (None, None)


def test_what_is_said_can_be_read_aloud() -> None:
    [found] = renews(NOW + 60 * DAY, level=840).looked_at()
    assert found.data["why"] == "the subscription renews in 60 days; 84 % of calls is used"
