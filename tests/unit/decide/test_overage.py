from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sold import CATALOG, PERIOD, account, limit_reached, offered, signal, step

if TYPE_CHECKING:
    from expansion_signals.decide.recommendation import Recommendation

# 20,000 calls, then 0.005 a call; 10,000 more for 30, 2,000 more for 20; half of the period is left.
BUSINESS = account("business")

ALONE = CATALOG.replace('capacity: [{meter: api_calls, amount: 10000, price: "30"}]\n', "\n").replace(
    "adds: {api_calls: 2000}", "adds: {bursts: 50}"
)


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def sums(recommendation: Recommendation) -> list[tuple[str, str | None, str]]:
    return [(each["kind"], each["to"], each["sum"]["amount"]) for each in recommendation.compared]


@pytest.mark.parametrize(
    ("usage", "compared"),
    [
        # 24,000 by 1 December: 4,000 beyond the limit.
        ("12000", [("overage", "api_calls", "20.00"), ("capacity", "api_calls", "30.00")]),
        # 21,000: 1,000 beyond it, and a piece of the add-on holds them.
        ("10500", [("overage", "api_calls", "5.00"), ("add_on", "extra-api", "20.00")]),
        # 18,000: none.
        ("9000", [("overage", "api_calls", "0.00"), ("add_on", "extra-api", "20.00")]),
        # 28,000: 8,000 beyond it.
        ("14000", [("capacity", "api_calls", "30.00"), ("overage", "api_calls", "40.00")]),
        # 44,000, of which 22,000 are to come; three times 10,000 hold them.
        ("22000", [("capacity", "api_calls", "90.00"), ("overage", "api_calls", "110.00")]),
    ],
)
def test_the_cheaper_of_paying_on_and_moving_up_is_recommended_with_both_sums(
    usage: str, compared: list[tuple[str, str, str]]
) -> None:
    recommendation = offered(limit_reached(usage), BUSINESS)
    assert (recommendation.kind, sums(recommendation)) == (compared[0][0], compared)


def test_where_both_cost_the_same_nothing_changes() -> None:
    # 26,000 by 1 December: 6,000 beyond the limit for 30.
    assert offered(limit_reached("13000"), BUSINESS).kind == "overage"


def test_paying_on_is_billed_when_the_period_closes() -> None:
    recommendation = offered(limit_reached("12000"), BUSINESS)
    charges = (recommendation.price, recommendation.charge_now, recommendation.charge_next_period)
    assert charges == (usd("20.00"), usd("0.00"), usd("20.00"))


def test_what_is_gained_by_paying_on_is_that_nothing_stops() -> None:
    gain = "no stop at 20,000 calls; further ones at 0.005 USD each"
    assert offered(limit_reached("12000"), BUSINESS).gain == gain


def test_a_forecast_tells_the_pace_itself() -> None:
    # 15 days at 500 a day are 7,500 on top of 15,000: 2,500 beyond the limit.
    told = signal("usage.run_out_forecast", meter="api_calls", usage="15000", per_day="500", period=PERIOD)
    assert sums(offered(told, BUSINESS))[0] == ("overage", "api_calls", "12.50")


def test_where_nothing_else_has_a_price_paying_on_is_all_there_is_to_say() -> None:
    recommendation = offered(limit_reached("22000"), BUSINESS, ALONE)
    assert (step(recommendation), sums(recommendation)) == (("overage", "api_calls", None), [])


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(limit_reached("90", "storage"), id="a stock goes on for ever"),
        pytest.param(limit_reached("22000", time=PERIOD["start"]), id="the period has only begun"),
        pytest.param(signal("limit.hit", meter="api_calls"), id="it does not tell the usage"),
        pytest.param(limit_reached("8", "peak"), id="a largest value does not go on"),
        pytest.param(
            signal("usage.run_out_forecast", meter="storage", usage="90", per_day="1"), id="no period of a stock ends"
        ),
    ],
)
def test_without_a_pace_no_sum_is_said(told: Any) -> None:  # noqa: ANN401 -- a signal
    catalog = ALONE.replace("peak: {limit: 10}", 'peak: {limit: 10, kind: soft, beyond: overage, unit_price: "2"}')
    recommendation = offered(told, BUSINESS, catalog)
    assert (recommendation.kind, recommendation.price) == ("overage", None)


def test_what_only_sales_can_sell_comes_last_even_with_a_price() -> None:
    catalog = ALONE.replace("contact_sales: true", 'contact_sales: true\n    price: "900"')
    assert offered(limit_reached("90", "storage"), BUSINESS, catalog).kind == "overage"


def test_without_a_pace_what_has_a_price_is_better() -> None:
    recommendation = offered(limit_reached("22000", time=PERIOD["start"]), BUSINESS)
    assert (recommendation.kind, sums(recommendation)) == ("capacity", [])


def test_the_overage_of_a_year_is_compared_with_a_year() -> None:
    year = {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    holder = account("business", period={"unit": "year", "anchor": year["start"]})
    # Half of the year is over, and 24,000 are expected: 20 for the year, or 30 x 12.
    told = signal("limit.reached", "2026-07-02T12:00:00Z", meter="api_calls", usage="12000", period=year)
    assert sums(offered(told, holder)) == [("overage", "api_calls", "20.00"), ("capacity", "api_calls", "360.00")]


@pytest.mark.parametrize(
    "terms", ["kind: soft, beyond: grace", "kind: soft, beyond: upgrade", "kind: soft", "kind: hard"]
)
def test_only_a_plan_that_charges_for_more_lets_anybody_pay_on(terms: str) -> None:
    catalog = CATALOG.replace('kind: soft, beyond: overage, unit_price: "0.005"', terms)
    assert offered(limit_reached("18000"), BUSINESS, catalog).kind != "overage"
