from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.recommendation import Recommendation
from expansion_signals.decide.routing import route_for
from sold import account, signal

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account

BORDERS = (Decimal(1000), Decimal(25_000))
STEP, ASK = Recommendation("plan", "team"), Recommendation("contact_sales", "enterprise")


def worth(amount: str, currency: str = "USD", **settings: object) -> Account:
    return account(annual_value={"amount": amount, "currency": currency}, owner="dana", **settings)


def route(
    holder: Account | None,
    recommendation: Recommendation = STEP,
    kind: str = "limit.reached",
    borders: tuple[Decimal, Decimal] = BORDERS,
) -> tuple[str, str | None]:
    found = route_for(signal(kind), holder, recommendation, "USD", borders)
    return found["to"], found["owner"]


@pytest.mark.parametrize(
    ("value", "to"),
    [
        ("0", ("self_serve", None)),
        ("999.99", ("self_serve", None)),
        ("1000", ("assisted", "dana")),
        ("25000", ("assisted", "dana")),
        ("25000.01", ("owner", "dana")),
    ],
)
def test_the_value_of_a_year_says_who_acts(value: str, to: tuple[str, str | None]) -> None:
    assert route(worth(value)) == to


def test_borders_are_configured() -> None:
    assert route(worth("500"), borders=(Decimal(10), Decimal(499))) == ("owner", "dana")


@pytest.mark.parametrize(
    "holder", [None, account(owner="dana"), worth("90000", "EUR")], ids=["no profile", "no value", "another currency"]
)
def test_without_a_value_the_product_itself_acts(holder: Account | None) -> None:
    assert route(holder) == ("self_serve", None)


@pytest.mark.parametrize("holder", [None, account(), worth("10")], ids=["no profile", "no value", "a small value"])
def test_where_only_sales_can_sell_somebody_assists(holder: Account | None) -> None:
    assert route(holder, ASK)[0] == "assisted"


def test_an_owner_is_not_passed_over_where_only_sales_can_sell() -> None:
    assert route(worth("90000"), ASK) == ("owner", "dana")


def test_an_owner_may_be_unknown() -> None:
    assert route(account(annual_value={"amount": "90000", "currency": "USD"})) == ("owner", None)


def test_a_partners_account_goes_to_the_partner() -> None:
    assert route(worth("90000", partner="Acme Resell")) == ("partner", "Acme Resell")


@pytest.mark.parametrize("kind", ["usage.declined", "cancel.requested"])
def test_contraction_goes_to_retention_whoever_the_account_belongs_to(kind: str) -> None:
    assert route(worth("90000", partner="Acme Resell"), kind=kind) == ("retention", "dana")
