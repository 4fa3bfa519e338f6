from __future__ import annotations

from typing import Any

import pytest

from sold import CATALOG, account, offered, signal, step

PACKS = CATALOG.replace('seat_price: "12"', 'seat_price: {bundle: 5, price: "45"}')
ADD_ON = CATALOG.replace("add_ons:", 'add_ons:\n  - {key: three-seats, price: "25", adds: {seats: 3}}')
EACH = """
currency: USD
features: {seats: {meter: seats}}
plans:
  - {key: free, price: "0", includes: {seats: {limit: 3}}}
  - {key: each, price: "10", seat_price: "12", includes: {seats: unlimited}}
"""


def invited(used: int, *, invites: int = 1, blocked: bool = True) -> Any:  # noqa: ANN401 -- a signal
    return signal("seat_limit.invited", used=str(used), pending="0", invites=invites, blocked=blocked)


@pytest.mark.parametrize(
    ("told", "seats"),
    [
        pytest.param(invited(10), 1, id="one was blocked"),
        pytest.param(invited(10, invites=3), 3, id="three were blocked"),
        pytest.param(invited(12, blocked=False), 2, id="two were let through"),
        pytest.param(invited(4), 1, id="blocked though seats are free"),
        pytest.param(signal("seat_limit.last_taken", used="10"), 1, id="the last was taken"),
        pytest.param(signal("seat_limit.approached", used="8"), 1, id="few are left"),
        pytest.param(signal("team.grown", events=4, previous=1), 4, id="people are invited"),
        pytest.param(signal("sharing.grown", events=5), 1, id="content is shared"),
        pytest.param(signal("network.added", count=3), 1, id="networks"),
        pytest.param(signal("region.added", count=2), 1, id="regions"),
    ],
)
def test_there_is_a_seat_for_each_and_one_at_least(told: Any, seats: int) -> None:  # noqa: ANN401 -- a signal
    recommendation = offered(told, account("team"))
    price = {"amount": f"{12 * seats}.00", "currency": "USD", "per": "month"}
    assert (step(recommendation), recommendation.price) == (("seats", "seats", seats), price)


def test_the_charge_of_seats_is_that_of_the_accounts_own_period() -> None:
    recommendation = offered(invited(10), account("team"))
    charges = (recommendation.charge_now, recommendation.charge_next_period)
    assert charges == ({"amount": "6.00", "currency": "USD"}, {"amount": "12.00", "currency": "USD"})


@pytest.mark.parametrize(("seats", "gain"), [(1, "1 more seat"), (2, "2 more seats")])
def test_what_is_gained_is_seats(seats: int, gain: str) -> None:
    assert offered(invited(10, invites=seats), account("team")).gain == gain


def test_seats_that_were_bought_count() -> None:
    assert step(offered(invited(12), account("team", limits={"seats": "12"}))) == ("seats", "seats", 1)


def test_a_plan_that_sells_no_seats_leaves_the_next_plan() -> None:
    recommendation = offered(invited(3), account("free"))
    assert (step(recommendation), recommendation.gain) == (("plan", "team", None), "10 seats instead of 3")


def test_many_seats_are_dearer_than_the_plan_that_includes_them() -> None:
    # 5 seats are 60 more, `business` 50.
    assert step(offered(invited(10, invites=5), account("team"))) == ("plan", "business", None)


def test_seats_that_the_next_plan_includes_are_not_paid_twice() -> None:
    # 110 a month for `team` with 15 seats: `business` for 100 includes them, and one seat more would be 12.
    recommendation = offered(invited(15), account("team", limits={"seats": "15"}))
    assert (recommendation.to, recommendation.charge_now) == ("business", {"amount": "-5.00", "currency": "USD"})


@pytest.mark.parametrize(
    ("held", "wanted", "price"),
    [
        ("50", 1, "8.00"),
        ("50", 3, "21.00"),  # 51 and 52 at 8, 53 at 5
        ("52", 1, "5.00"),
    ],
)
def test_tiers_go_by_the_number_of_the_seat(held: str, wanted: int, price: str) -> None:
    recommendation = offered(invited(int(held), invites=wanted), account("business", limits={"seats": held}))
    assert recommendation.price == {"amount": price, "currency": "USD", "per": "month"}


def test_beyond_the_last_tier_only_sales_can_sell() -> None:
    assert step(offered(invited(60), account("business", limits={"seats": "60"}))) == (
        "contact_sales",
        "enterprise",
        None,
    )


@pytest.mark.parametrize(("missing", "seats", "price"), [(1, 5, "45.00"), (5, 5, "45.00")])
def test_packs_are_sold_whole(missing: int, seats: int, price: str) -> None:
    recommendation = offered(invited(10, invites=missing), account("team"), PACKS)
    assert (step(recommendation), recommendation.price) == (
        ("seats", "seats", seats),
        {"amount": price, "currency": "USD", "per": "month"},
    )


def test_an_add_on_may_bring_seats() -> None:
    # Three seats in an add-on are 25, three of the plan 36.
    recommendation = offered(invited(10, invites=3), account("team"), ADD_ON)
    assert (step(recommendation), recommendation.gain) == (("add_on", "three-seats", 1), "3 more seats")


def test_seats_without_end_leave_nothing_to_buy() -> None:
    assert offered(signal("sharing.grown", events=5), account("enterprise")).kind == "none"


def test_where_each_person_is_charged_the_price_is_that_of_all_of_them() -> None:
    # 10 and four people at 12.
    recommendation = offered(invited(3), account("free"), EACH)
    assert recommendation.price == {"amount": "58.00", "currency": "USD", "per": "month"}


def test_where_nobody_knows_how_many_people_there_are_no_price_is_said() -> None:
    recommendation = offered(signal("sharing.grown", events=5), account("free"), EACH)
    assert (step(recommendation), recommendation.price, recommendation.charge_now) == (
        ("plan", "each", None),
        None,
        None,
    )
