from __future__ import annotations

import pytest

from sold import CATALOG, account, offered, signal, step


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("too expensive", "lower_plan"),
        ("The price went up", "lower_plan"),
        ("budget cuts", "lower_plan"),
        ("it costs too much for how little we use it", "lower_plan"),
        ("We are restructuring", "pause"),
        ("internal reorganisation", "pause"),
        ("Merger with Acme", "pause"),
        ("our project has ended", "pause"),
        ("seasonal business", "pause"),
        ("nobody uses it", "re_engage"),
        ("We don't use it any more", "re_engage"),
        ("no longer needed", "re_engage"),
        ("merge requests are broken", "lower_plan"),
        ("zu teuer", "lower_plan"),
        ("", "lower_plan"),
        (None, "lower_plan"),
    ],
)
def test_the_reason_says_what_keeps_an_account(reason: str | None, kind: str) -> None:
    assert offered(signal("cancel.requested", reason=reason), account("business")).kind == kind


def test_the_lower_plan_begins_with_the_next_period() -> None:
    recommendation = offered(signal("cancel.requested", reason="too expensive"), account("business"))
    assert recommendation.document() == {
        "kind": "lower_plan",
        "to": "team",
        "price": {"amount": "50.00", "currency": "USD", "per": "month"},
        "charge_now": {"amount": "0.00", "currency": "USD"},
        "charge_next_period": {"amount": "50.00", "currency": "USD"},
        "gain": "50.00 USD a month less",
    }


@pytest.mark.parametrize(("growth", "to"), [("-30", None), ("-79.99", None), ("-80", "team"), ("-100", "team")])
def test_falling_use_is_asked_about_first_and_a_lower_plan_comes_after_none_is_left(
    growth: str, to: str | None
) -> None:
    recommendation = offered(signal("usage.declined", meter="api_calls", growth=growth), account("business"))
    assert step(recommendation) == ("re_engage", to, None)


@pytest.mark.parametrize(("plan", "lower"), [("team", "free"), ("business", "team"), ("enterprise", "business")])
def test_the_lower_plan_is_the_nearest_one_with_a_price(plan: str, lower: str) -> None:
    assert offered(signal("cancel.requested", reason="price"), account(plan)).to == lower


def test_a_plan_below_that_is_no_cheaper_is_none() -> None:
    catalog = CATALOG.replace('key: team\n    price: "50"', 'key: team\n    price: "100"')
    assert offered(signal("cancel.requested", reason="price"), account("business"), catalog).to == "free"


def test_a_free_plan_has_none_below_it() -> None:
    assert step(offered(signal("cancel.requested", reason="price"), account())) == ("re_engage", None, None)


def test_the_lowest_plan_that_costs_something_can_be_paused() -> None:
    catalog = CATALOG.replace('key: free\n    price: "0"', 'key: free\n    price: "9"')
    assert offered(signal("cancel.requested", reason="price"), account(), catalog).kind == "pause"


@pytest.mark.parametrize("holder", [None, account("retired")], ids=["no profile", "a plan that nobody sells"])
def test_whoever_is_not_known_is_talked_to(holder: object) -> None:
    assert step(offered(signal("cancel.requested", reason="price"), holder)) == ("re_engage", None, None)  # type: ignore[arg-type]
