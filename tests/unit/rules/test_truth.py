"""Conditions: true, false or not known of an account."""

from __future__ import annotations

from fractions import Fraction

import pytest

from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, parse_instant
from expansion_signals.rules.conditions import read_condition
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN
from expansion_signals.rules.truth import Known, applies, is_settled, truth

NOW = parse_instant("2026-11-22T00:00:00Z")
PRO = Account.model_validate(
    {
        "version": 1,
        "plan": "pro",
        "annual_value": {"amount": "12000", "currency": "USD"},
        "first_purchase_at": "2026-10-23T00:00:00Z",
        "renewal_at": "2027-02-20T00:00:00Z",
    }
)
KNOWN = Known(PRO, "USD", NOW, utilization=Fraction(4, 5))
BARE = Known(Account(version=1, plan="free"), "USD", NOW)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("plan = pro", True),
        ("plan != pro", False),
        ("plan = free", False),
        ("plan != free", True),
        ("annual_value > 11999.99", True),
        ("annual_value > 12000", False),
        ("annual_value >= 12000", True),
        ("account_age >= 30", True),
        ("account_age > 30", False),
        ("days_to_renewal <= 90", True),
        ("days_to_renewal < 90", False),
        ("utilization >= 80%", True),
        ("utilization > 80%", False),
        ("utilization < 80.01%", True),
        ("plan = pro and account_age > 30", False),
        ("plan = free or account_age = 30", True),
        ("not plan = free", True),
        ("not (plan = pro and annual_value > 1)", False),
    ],
)
def test_a_condition_is_true_or_false_of_what_is_known(condition: str, *, expected: bool) -> None:
    assert truth(read_condition(condition), KNOWN) is expected


@pytest.mark.parametrize("fact", ["annual_value", "account_age", "days_to_renewal", "utilization", "health"])
def test_a_comparison_with_what_is_not_known_is_neither_true_nor_false(fact: str) -> None:
    assert (truth(read_condition(f"{fact} > 0"), BARE), truth(read_condition(f"{fact} <= 0"), BARE)) == (None, None)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("not health > 50", None),
        ("health > 50 and plan = free", None),
        ("health > 50 and plan = pro", False),
        ("health > 50 or plan = free", True),
        ("health > 50 or plan = pro", None),
    ],
)
def test_what_is_not_known_stays_so_where_the_rest_does_not_decide(condition: str, *, expected: bool | None) -> None:
    assert truth(read_condition(condition), BARE) is expected


def test_money_of_another_currency_is_not_compared() -> None:
    assert truth(read_condition("annual_value > 1"), KNOWN._replace(currency="EUR")) is None


def test_nothing_is_known_of_an_account_without_a_profile() -> None:
    assert truth(read_condition("plan = pro"), Known(None, "USD", NOW)) is None


def test_a_rule_without_a_condition_always_applies() -> None:
    assert applies(None, BARE)


def test_a_rule_whose_condition_is_not_known_does_not_apply() -> None:
    assert not applies(read_condition("health > 50"), BARE)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("plan = pro and annual_value > 9", True), ("plan = pro and account_age > 9", False), ("utilization > 9%", False)],
)
def test_a_condition_on_the_profile_alone_changes_with_it_alone(condition: str, *, expected: bool) -> None:
    assert is_settled(read_condition(condition)) is expected


class Lately:
    """What an account did: as many as the window has days, and what a look does not know yet."""

    def fact(self, name: str, within: int | None) -> Fraction | None:
        return None if name == "usage_growth" else Fraction((within or DEFAULT_WITHIN[name]) // DAY)


@pytest.mark.parametrize(
    ("condition", "within", "expected"),
    [
        ("limit_hits = 14", None, True),
        ("invites = 7", None, True),
        ("limit_hits = 14", 3 * DAY, False),
        ("limit_hits = 3 and invites = 3", 3 * DAY, True),
        ("usage_growth > 50%", None, None),
    ],
)
def test_facts_have_their_own_windows_or_that_of_the_condition(
    condition: str, within: int | None, *, expected: bool | None
) -> None:
    assert truth(read_condition(condition), KNOWN._replace(lately=Lately(), within=within)) is expected


@pytest.mark.parametrize("fact", sorted(DEFAULT_WITHIN))
def test_where_nobody_tells_what_an_account_did_no_such_fact_is_known(fact: str) -> None:
    assert truth(read_condition(f"{fact} >= 0"), KNOWN) is None
