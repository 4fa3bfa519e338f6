"""What a profile names that no catalog has (semantics 2.8)."""

from __future__ import annotations

from typing import Any

import pytest

from expansion_signals.detect.unknown_names import unknown_names
from expansion_signals.model.accounts import Account
from expansion_signals.rules.loading import load

CATALOG = load(
    {
        "catalog.yaml": """
currency: USD
meters: {calls: {event: com.acme.e, aggregation: count, unit: call}}
features: {calls: {meter: calls}}
plans: [{key: free, price: "0", includes: {calls: {limit: 10}}}]
add_ons: [{key: more, price: "5", adds: {calls: 10}}]
""",
        "rules.yaml": "rules: []",
    }
).catalog


def described(**snapshot: object) -> list[str]:
    account = Account.model_validate({"version": 1, "plan": "free"} | snapshot)
    return unknown_names(account, CATALOG).described()


def test_a_profile_that_names_only_what_is_sold_names_nothing_unknown() -> None:
    assert described(limits={"calls": "5"}, add_ons={"more": 2}) == []


@pytest.mark.parametrize(
    ("snapshot", "told"),
    [
        ({"plan": "gold"}, ["plan gold"]),
        ({"limits": {"cals": "5", "calls": "5"}}, ["limits.cals"]),
        ({"add_ons": {"moar": 1}}, ["add_ons.moar"]),
        (
            {"plan": "gold", "add_ons": {"b": 1, "a": 0}, "limits": {"z": 1}},
            ["plan gold", "limits.z", "add_ons.a", "add_ons.b"],
        ),
    ],
)
def test_what_the_catalog_does_not_have_is_named(snapshot: dict[str, Any], told: list[str]) -> None:
    assert described(**snapshot) == told


def test_seats_are_built_in() -> None:
    assert described(limits={"seats": "10"}) == []
