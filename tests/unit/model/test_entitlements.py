from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from expansion_signals.model.accounts import Account
from expansion_signals.model.catalog import AddOn, Catalog, Entitlement, Feature, Meter, Plan
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.readings import Limit

CATALOG = Catalog(
    currency="USD",
    meters={
        "api_calls": Meter("api_calls", "expansion.usage.recorded.v1", "sum", "call"),
        "storage": Meter("storage", "expansion.usage.recorded.v1", "latest", "GB", per="never", precision=2),
        "unmeasured": Meter("unmeasured", "com.acme.seen", "count", "view"),
    },
    features={
        "calls": Feature("calls", "api_calls"),
        "space": Feature("space", "storage"),
        "seats": Feature("seats", "seats"),
        "sso": Feature("sso"),
    },
    plans={
        "free": Plan("free", {"calls": Entitlement(Decimal(1000)), "space": Entitlement(Decimal("1.5"))}),
        "pro": Plan("pro", {"calls": Entitlement(Decimal(100_000), "soft"), "seats": Entitlement(Decimal(10))}),
        "enterprise": Plan("enterprise", {"calls": Entitlement(), "sso": Entitlement()}),
    },
    add_ons={"extra": AddOn("extra", {"calls": Decimal(500)})},
)


def account(plan: str = "free", **settings: object) -> Account:
    return Account.model_validate({"version": 1, "plan": plan, **settings})


def amount(holder: Account, meter: str = "api_calls") -> int | None:
    return limit_in_force(CATALOG, holder, meter).amount


def test_the_plan_gives_the_limit_and_its_kind() -> None:
    assert limit_in_force(CATALOG, account("pro"), "api_calls") == Limit("calls", 100_000, "soft")


def test_the_limit_is_scaled_by_the_meters_precision() -> None:
    assert amount(account(), "storage") == 150


def test_the_accounts_own_number_replaces_the_plans() -> None:
    assert amount(account(limits={"calls": "700"})) == 700


def test_the_accounts_own_number_makes_an_unlimited_plan_limited() -> None:
    assert amount(account("enterprise", limits={"calls": "700"})) == 700


def test_an_add_on_adds_once_per_piece() -> None:
    assert amount(account(add_ons={"extra": 3})) == 2500


def test_an_add_on_adds_to_the_accounts_own_number_too() -> None:
    assert amount(account(limits={"calls": "700"}, add_ons={"extra": 1})) == 1200


def test_an_add_on_that_is_not_sold_adds_nothing() -> None:
    assert amount(account(add_ons={"retired": 1})) == 1000


def test_unlimited_stays_unlimited_with_an_add_on() -> None:
    assert amount(account("enterprise", add_ons={"extra": 1})) is None


def test_digits_beyond_the_precision_round_down() -> None:
    assert amount(account(limits={"space": "1.999"}), "storage") == 199


def test_a_limit_that_no_counter_can_reach_counts_as_unlimited() -> None:
    assert amount(account(limits={"calls": "1" + "0" * 30})) is None


def test_an_account_has_no_limit_below_zero() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        account(limits={"calls": "-5"})


def test_seats_are_whole_though_no_meter_of_the_catalog() -> None:
    assert amount(account("pro"), "seats") == 10


@pytest.mark.parametrize(
    ("holder", "meter"),
    [
        pytest.param(None, "api_calls", id="unknown account"),
        pytest.param(account("retired"), "api_calls", id="unknown plan"),
        pytest.param(account(), "unmeasured", id="no feature measures the meter"),
        pytest.param(account("pro", limits={"space": "5"}), "storage", id="plan without the feature"),
    ],
)
def test_there_is_no_limit_without_an_entitlement(holder: Account | None, meter: str) -> None:
    assert limit_in_force(CATALOG, holder, meter) is None
