from __future__ import annotations

from typing import Any

import pytest

from expansion_signals.decide.offered import UPSELLS, offered_by, values_offered
from expansion_signals.decide.wordings import wording_of
from sample_signals import gated

MONTHLY = {"amount": "1200.00", "currency": "USD", "per": "month"}


def told(recommendation: dict[str, Any], language: str = "en") -> dict[str, str]:
    values = values_offered(recommendation, wording_of(language))
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ("recommendation", "values"),
    [
        ({}, {}),
        ({"kind": "plan", "to": "pro"}, {"offer": "pro"}),
        ({"kind": "plan", "to": None, "price": None, "charge_now": None, "gain": None}, {}),
        ({"kind": "plan", "to": "pro", "quantity": 1}, {"offer": "pro"}),
        ({"kind": "add_on", "to": "extra-api", "quantity": 2}, {"offer": "2 x extra-api"}),
        ({"kind": "add_on", "to": "extra-api", "quantity": "1"}, {"offer": "extra-api"}),
        ({"kind": "add_on", "quantity": 2}, {}),
        ({"kind": "seats", "quantity": "3"}, {"offer": "3 seats"}),
        ({"kind": "seats", "quantity": 1}, {"offer": "1 seat"}),
        ({"kind": "seats", "to": "team"}, {"offer": "team"}),
        ({"kind": "plan", "price": MONTHLY}, {"price": "1,200.00 USD a month"}),
        ({"kind": "plan", "price": {**MONTHLY, "per": "year"}}, {"price": "1,200.00 USD a year"}),
        ({"kind": "plan", "price": {"amount": "8", "currency": "JPY"}}, {"price": "8 JPY"}),
        ({"kind": "plan", "price": {"amount": "8"}}, {}),
        ({"kind": "plan", "price": {"amount": None, "currency": "USD"}}, {}),
        ({"kind": "plan", "price": "8 USD"}, {}),
        ({"kind": "plan", "charge_now": {"amount": "6.00", "currency": "USD"}}, {"charge_now": "6.00 USD"}),
        ({"kind": "plan", "gain": "50000"}, {"gain": "50,000"}),
        ({"kind": "plan", "gain": 50000}, {"gain": "50,000"}),
        ({"kind": "plan", "gain": "50,000 more\ncalls"}, {"gain": "50,000 more calls"}),
        ({"kind": "plan", "gain": {"amount": "50000"}}, {}),
    ],
)
def test_what_a_recommendation_says_is_shown(recommendation: dict[str, Any], values: dict[str, str]) -> None:
    assert told(recommendation) == values


@pytest.mark.parametrize(
    ("language", "offer", "price"),
    [
        ("de-AT", "3 Plätze", "1.200,00 USD im Monat"),
        ("fr", "3 seats", "1\xa0200,00 USD/month"),
        ("ja", "3 seats", "1,200.00 USD/month"),
    ],
)
def test_an_offer_is_worded_for_the_language(language: str, offer: str, price: str) -> None:
    assert told({"kind": "seats", "quantity": 3, "price": MONTHLY}, language) == {"offer": offer, "price": price}


@pytest.mark.parametrize("recommendation", [None, {}, {"kind": "none", "to": "pro"}, {"kind": None}, {"to": "pro"}])
def test_nothing_is_offered_where_nothing_is_recommended(recommendation: dict[str, Any] | None) -> None:
    assert offered_by(gated(), recommendation) == {}


@pytest.mark.parametrize("upsell", sorted(UPSELLS))
@pytest.mark.parametrize("kind", ["usage.declined", "cancel.requested"])
def test_a_customer_who_may_leave_is_offered_nothing_more(kind: str, upsell: str) -> None:
    assert offered_by(gated(kind=kind), {"kind": upsell, "to": "pro"}) == {}


@pytest.mark.parametrize("kind", ["lower_plan", "pause", "re_engage"])
def test_a_customer_who_may_leave_is_offered_what_keeps_them(kind: str) -> None:
    recommendation = {"kind": kind, "to": "free"}
    assert offered_by(gated(kind="cancel.requested"), recommendation) == recommendation
