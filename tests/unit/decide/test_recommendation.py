from __future__ import annotations

from typing import Any

import pytest

from expansion_signals.model.kinds import KINDS
from sold import CATALOG, PERIOD, account, limit_reached, offered, signal, step

NINE_DAYS_LEFT = "2026-11-22T00:00:00Z"

INTERFACE = """
currency: USD
meters: {api_calls: {event: expansion.usage.recorded.v1, aggregation: sum, value: value, unit: call}}
features: {api_calls: {meter: api_calls}}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 100000, kind: soft}}}
add_ons:
  - {key: extra-api, price: "20", adds: {api_calls: 50000}}
"""


def usd(amount: str, **more: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD", **more}


# ---------------------------------------------------------------------------------------------------- the document


def test_the_document_is_that_of_the_interface() -> None:
    recommendation = offered(limit_reached("800", time=NINE_DAYS_LEFT), account(), INTERFACE)
    assert recommendation.document() == {
        "kind": "add_on",
        "to": "extra-api",
        "price": usd("20.00", per="month"),
        "charge_now": usd("6.00"),
        "charge_next_period": usd("20.00"),
        "quantity": 1,
        "gain": "50,000 more calls",
    }


def test_the_worked_number_holds() -> None:
    recommendation = offered(signal("feature.gated", feature="sso"), account("team"))
    assert (step(recommendation), recommendation.charge_now) == (("plan", "business", None), usd("25.00"))


def test_a_plans_full_price_is_charged_from_the_next_period_on() -> None:
    recommendation = offered(signal("feature.gated", feature="sso"), account("team"))
    charges = (recommendation.price, recommendation.charge_next_period)
    assert charges == (usd("100.00", per="month"), usd("100.00"))


def test_whole_days_are_counted_where_the_policy_says_so() -> None:
    reached = limit_reached("800", time="2026-11-22T18:00:00Z")
    charges = [offered(reached, account(), by_day=by_day).charge_now for by_day in (False, True)]
    assert charges == [usd("5.50"), usd("6.00")]


def test_money_has_the_digits_of_its_currency() -> None:
    recommendation = offered(limit_reached("800", time=NINE_DAYS_LEFT), account(), INTERFACE.replace("USD", "JPY"))
    assert recommendation.charge_now == {"amount": "6", "currency": "JPY"}


def test_none_says_nothing_else() -> None:
    nothing = {"to": None, "price": None, "charge_now": None, "charge_next_period": None}
    recommendation = offered(signal("feature.gated", feature="teleport"), account())
    assert recommendation.document() == {"kind": "none", **nothing}


# ---------------------------------------------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("unit", "anchor", "now", "following"),
    [
        # From 16 November 46 days are left, of the 92 of the quarter and the 365 of the year.
        ("quarter", "2026-10-01T00:00:00Z", usd("30.00"), usd("60.00")),
        ("year", "2026-01-01T00:00:00Z", usd("30.25"), usd("240.00")),
        ("week", "2026-11-16T00:00:00Z", None, None),
        ("day", "2026-11-16T00:00:00Z", None, None),
    ],
)
def test_a_monthly_price_is_charged_for_the_months_of_the_accounts_period(
    unit: str, anchor: str, now: dict[str, str] | None, following: dict[str, str] | None
) -> None:
    holder = account("team", period={"unit": unit, "anchor": anchor})
    recommendation = offered(signal("limit.hit", meter="api_calls"), holder)
    assert (recommendation.charge_now, recommendation.charge_next_period) == (now, following)


def test_a_price_for_a_year_is_charged_by_the_month() -> None:
    catalog = CATALOG.replace('price: "20", adds', 'price: "100", per: year, adds')
    recommendation = offered(limit_reached("800"), account(), catalog)
    charges = (recommendation.price, recommendation.charge_now, recommendation.charge_next_period)
    assert charges == (usd("100.00", per="year"), usd("4.17"), usd("8.33"))


def test_without_a_period_nobody_knows_what_is_charged_now() -> None:
    recommendation = offered(signal("feature.gated", feature="sso"), account("team", period=None))
    charges = (recommendation.charge_now, recommendation.charge_next_period)
    assert charges == (None, usd("100.00"))


def test_the_period_of_the_signal_is_the_one_that_is_charged() -> None:
    shortened = {"start": "2026-11-13T00:00:00Z", "end": "2026-11-17T00:00:00Z"}
    reached = signal("limit.reached", meter="api_calls", usage="800", period=shortened)
    assert offered(reached, account()).charge_now == usd("5.00")


def test_the_day_that_a_meter_is_counted_by_is_no_period_to_charge() -> None:
    day = {"start": "2026-11-16T00:00:00Z", "end": "2026-11-17T00:00:00Z"}
    recommendation = offered(signal("limit.reached", meter="bursts", usage="9", period=day), account())
    assert (recommendation.to, recommendation.charge_now) == ("team", usd("25.00"))


# ---------------------------------------------------------------------------------------------------- more of a meter


@pytest.mark.parametrize(
    ("usage", "pieces"),
    # With n pieces there are 1,000 + 2,000 n calls, and usage must be below 80 % of them.
    [("800", 1), ("1000", 1), ("2399", 1), ("2400", 2), ("3999", 2)],
)
def test_as_many_pieces_as_leave_room(usage: str, pieces: int) -> None:
    assert step(offered(limit_reached(usage), account())) == ("add_on", "extra-api", pieces)


def test_a_plan_that_costs_less_than_the_pieces_is_better() -> None:
    # Two pieces are 40, and so is the plan 50 or 30.
    cheap = CATALOG.replace('price: "50"', 'price: "30"')
    assert [offered(limit_reached("3999"), account(), each).to for each in (CATALOG, cheap)] == ["extra-api", "team"]


def test_an_add_on_for_20_beats_a_plan_for_50_more() -> None:
    assert step(offered(limit_reached("900"), account())) == ("add_on", "extra-api", 1)


def test_a_plan_is_compared_by_what_it_costs_more() -> None:
    # From `team`, `business` costs 50 more: less than three pieces for 60.
    assert step(offered(limit_reached("8000"), account("team"))) == ("plan", "business", None)


def test_pieces_that_were_bought_count() -> None:
    # 5,000 calls with two pieces, of which 4,500 are used: one more is 20, the plan `team` with them 50.
    bought = account(add_ons={"extra-api": 2})
    recommendation = offered(limit_reached("4500"), bought)
    assert (step(recommendation), recommendation.gain) == (
        ("add_on", "extra-api", 1),
        "2,000 more calls",
    )


def test_the_accounts_own_number_counts() -> None:
    recommendation = offered(limit_reached("1700"), account(limits={"api_calls": "2000"}))
    assert recommendation.gain == "2,000 more calls"


def test_without_an_add_on_it_is_a_plan() -> None:
    assert step(offered(limit_reached("0.9", "storage"), account())) == ("plan", "team", None)


def test_a_plan_that_is_not_enough_is_passed_over() -> None:
    assert step(offered(limit_reached("8", "storage"), account())) == ("plan", "business", None)


def test_where_nothing_is_enough_it_is_the_greatest_limit() -> None:
    assert step(offered(limit_reached("4500", "storage"), account())) == ("contact_sales", "enterprise", None)


def test_where_only_sales_has_more_it_is_sales() -> None:
    recommendation = offered(signal("limit.hit", meter="peak"), account("business"))
    assert (step(recommendation), recommendation.price) == (("contact_sales", "enterprise", None), None)


def test_where_there_is_no_more_there_is_no_step() -> None:
    assert offered(limit_reached("4900", "storage"), account("enterprise")).kind == "none"


def test_a_plan_with_the_same_limit_is_no_step() -> None:
    assert offered(limit_reached("4900", "storage"), account("team", limits={"storage": "5000"})).kind == "none"


def test_a_plan_without_what_the_meter_measures_needs_one_that_has_it() -> None:
    recommendation = offered(limit_reached("7", "peak"), account("team"))
    assert (step(recommendation), recommendation.gain) == (("plan", "business", None), "10 sessions")


def test_without_an_end_it_is_a_conversation() -> None:
    assert offered(limit_reached("7"), account("enterprise")).kind == "none"


@pytest.mark.parametrize(
    ("data", "pieces"),
    [
        # 9 days at 40 a day: 1,200 by 1 December, below 80 % of 1,501 and more.
        ({"usage": "840", "per_day": "40"}, 1),
        # 9 days at 200 a day: 2,640, so more than 3,300.
        ({"usage": "840", "per_day": "200"}, 2),
    ],
)
def test_a_forecast_speaks_of_the_end_of_the_period(data: dict[str, str], pieces: int) -> None:
    told = signal("usage.run_out_forecast", NINE_DAYS_LEFT, meter="api_calls", period=PERIOD, **data)
    assert step(offered(told, account())) == ("add_on", "extra-api", pieces)


def test_a_forecast_of_a_stock_speaks_of_thirty_days() -> None:
    # 0.5 and 30 x 0.3 are 9.5 GB: more than `team` has room for.
    told = signal("usage.run_out_forecast", meter="storage", usage="0.5", per_day="0.3", period=None)
    assert offered(told, account()).to == "business"


@pytest.mark.parametrize(
    ("kind", "data", "pieces"),
    [
        # 30 days at the pace of 7 are 4,500 calls: more than 5,625 are needed.
        ("usage.accelerated", {"usage": "1050", "window": "7d"}, 3),
        ("volume.grown", {"usage": "700", "window": "7d"}, 2),
        ("power_user.reached", {"usage": "60"}, 1),
        ("usage.accelerated", {"usage": "1", "window": "7d"}, 1),
    ],
)
def test_what_was_used_in_some_days_speaks_of_a_whole_period(kind: str, data: dict[str, str], pieces: int) -> None:
    dear = CATALOG.replace('key: team\n    price: "50"', 'key: team\n    price: "90"')
    assert step(offered(signal(kind, meter="api_calls", **data), account(), dear)) == ("add_on", "extra-api", pieces)


def test_a_day_of_a_meter_that_is_counted_by_the_day_is_a_whole_period() -> None:
    assert offered(signal("power_user.reached", meter="bursts", usage="90"), account()).to == "business"


def test_where_a_stock_stands_growth_does_not_say() -> None:
    assert offered(signal("volume.grown", meter="storage", usage="500", window="7d"), account()).to == "team"


def test_who_was_refused_stood_at_the_limit() -> None:
    assert step(offered(signal("limit.hit", meter="api_calls"), account())) == ("add_on", "extra-api", 1)


# -------------------------------------------------------------------------------------------- features and products


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("feature.gated", {"feature": "sso"}),
        ("admin_feature.requested", {"feature": "sso"}),
        ("support_pattern.found", {"features": ["sso", "analytics"]}),
    ],
)
def test_what_is_lacking_is_the_cheapest_plan_that_includes_it(kind: str, data: dict[str, Any]) -> None:
    assert step(offered(signal(kind, **data), account())) == ("plan", "business", None)


def test_where_no_plan_includes_all_it_is_one_that_includes_most() -> None:
    told = signal("support_pattern.found", features=["sso", "teleport", "analytics"])
    recommendation = offered(told, account())
    assert (recommendation.to, recommendation.gain) == ("business", "sso and analytics")


def test_a_feature_that_is_included_by_now_needs_no_step() -> None:
    assert offered(signal("feature.gated", feature="sso"), account("business")).kind == "none"


def test_a_metered_feature_is_gained_with_its_limit() -> None:
    assert offered(signal("feature.gated", feature="peak"), account()).gain == "10 sessions"


def test_a_metered_feature_with_a_limit_of_zero_is_as_good_as_none() -> None:
    catalog = CATALOG.replace("analytics: true}", "analytics: true, peak: {limit: 0}}")
    assert offered(signal("feature.gated", feature="peak"), account(), catalog).to == "business"


@pytest.mark.parametrize("kind", ["product.requested", "interest.grown"])
@pytest.mark.parametrize(
    ("product", "settings", "expected"),
    [
        pytest.param("extra-api", {}, ("add_on", "extra-api", 1), id="an add-on"),
        pytest.param("extra-api", {"add_ons": {"extra-api": 1}}, ("plan", "team", None), id="one that was bought"),
        pytest.param("sso", {}, ("plan", "business", None), id="a feature of a higher plan"),
        pytest.param("spaceship", {}, ("plan", "team", None), id="nothing of the catalog"),
    ],
)
def test_another_product_is_an_add_on_a_feature_or_the_next_plan(
    kind: str, product: str, settings: dict[str, object], expected: tuple[str, str, int | None]
) -> None:
    assert step(offered(signal(kind, product=product), account(**settings))) == expected


def test_an_add_on_without_a_price_is_for_sales_to_sell() -> None:
    catalog = CATALOG.replace('price: "20", adds', "adds")
    recommendation = offered(signal("product.requested", product="extra-api"), account(), catalog)
    assert (step(recommendation), recommendation.price) == (("contact_sales", "extra-api", 1), None)


# ---------------------------------------------------------------------------------------------------- conversations

CONVERSATIONS = (
    "integration.connected",
    "workflow_gap.found",
    "use_case.added",
    "milestone.reached",
    "renewal.near",
    "pql.qualified",
)


@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_what_goes_well_begins_a_conversation_about_the_next_plan(kind: str) -> None:
    recommendation = offered(signal(kind), account())
    gain = "analytics, 5,000 calls instead of 1,000 and 10 GB instead of 1"
    assert (step(recommendation), recommendation.gain) == (("plan", "team", None), gain)


@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_at_the_top_there_is_nothing_to_talk_about(kind: str) -> None:
    assert offered(signal(kind), account("enterprise")).kind == "none"


def test_a_plan_that_brings_nothing_is_passed_over() -> None:
    same = 'key: same\n    price: "60"\n    includes: {api_calls: {limit: 5000}}\n  - key: business'
    assert offered(signal("integration.connected"), account("team"), CATALOG.replace("key: business", same, 1)).to == (
        "business"
    )


def test_the_plan_above_the_last_with_a_price_is_for_sales_to_sell() -> None:
    assert step(offered(signal("renewal.near"), account("business"))) == ("contact_sales", "enterprise", None)


# ---------------------------------------------------------------------------------------------------- who is not known

UNKNOWN = [None, account("retired")]


@pytest.mark.parametrize("holder", UNKNOWN, ids=["no profile", "a plan that nobody sells"])
@pytest.mark.parametrize(
    "told",
    [
        limit_reached("800"),
        signal("integration.connected"),
        signal("seat_limit.invited", used="0", invites=1, blocked=True),
        signal("product.requested", product="spaceship"),
    ],
    ids=lambda told: told.type,
)
def test_where_nobody_knows_what_an_account_has_somebody_must_look(holder: Any, told: Any) -> None:  # noqa: ANN401 -- the values of a table
    assert step(offered(told, holder)) == ("contact_sales", None, None)


@pytest.mark.parametrize("holder", UNKNOWN, ids=["no profile", "a plan that nobody sells"])
def test_a_feature_needs_a_plan_that_includes_it_whatever_the_account_has(holder: Any) -> None:  # noqa: ANN401 -- the same
    recommendation = offered(signal("feature.gated", feature="sso"), holder)
    assert (step(recommendation), recommendation.charge_now) == (("plan", "business", None), None)


def test_a_feature_that_no_plan_includes_is_out_of_reach_for_everybody() -> None:
    assert offered(signal("feature.gated", feature="teleport"), None).kind == "none"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("holder", [None, *map(account, ("free", "team", "business", "enterprise", "retired"))])
def test_a_signal_that_tells_nothing_is_still_decided(kind: str, holder: Any) -> None:  # noqa: ANN401 -- the same
    assert offered(signal(kind), holder).document()["kind"]
