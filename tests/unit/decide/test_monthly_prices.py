from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.monthly_prices import cost_of_seats, monthly_price
from expansion_signals.model.catalog import SeatPrice, SeatTier
from sold import account, sold

FLAT = SeatPrice(tiers=(SeatTier(None, Decimal(12)),))
TIERED = SeatPrice(tiers=(SeatTier(10, Decimal(20)), SeatTier(50, Decimal(15))))
PACKS = SeatPrice(bundle=5, price=Decimal(50))

EXTRAS = """
currency: USD
meters: {calls: {event: com.acme.called, aggregation: count, unit: call}}
features: {calls: {meter: calls}, seats: {meter: seats}}
plans:
  - {key: yearly, price: "100", per: year, seat_price: "60", includes: {seats: {limit: 5}}}
  - {key: each, price: "10", seat_price: "12", includes: {seats: unlimited}}
  - {key: asked, contact_sales: true, includes: {seats: {limit: 5}}}
add_ons:
  - {key: more, price: "20", adds: {calls: 1000}}
  - {key: pack, price: "150", per: year, adds: {calls: 9000}}
  - {key: special, adds: {calls: 1}}
"""


@pytest.mark.parametrize(
    ("price", "first", "last", "cost"),
    [
        (FLAT, 5, 7, 24),
        (FLAT, 5, 5, 0),
        (FLAT, 5, 4, 0),
        (TIERED, 0, 10, 200),
        (TIERED, 0, 11, 215),
        (TIERED, 9, 12, 20 + 15 + 15),
        (TIERED, 20, 50, 30 * 15),
        (TIERED, 20, 51, None),
        (TIERED, 60, 60, 0),
        (TIERED, 60, 61, None),
        (PACKS, 3, 4, 50),
        (PACKS, 3, 8, 50),
        (PACKS, 3, 9, 100),
    ],
)
def test_seats_cost_by_their_number(price: SeatPrice, first: int, last: int, cost: int | None) -> None:
    assert cost_of_seats(price, first, last) == cost


@given(st.sampled_from([FLAT, TIERED]), st.lists(st.integers(0, 50), min_size=3, max_size=3))
def test_seats_bought_in_two_steps_cost_what_they_do_in_one(price: SeatPrice, numbers: list[int]) -> None:
    first, between, last = sorted(numbers)
    parts = [cost_of_seats(price, first, between), cost_of_seats(price, between, last)]
    assert sum(part for part in parts if part is not None) == cost_of_seats(price, first, last)


@pytest.mark.parametrize(
    ("plan", "settings", "price"),
    [
        ("free", {}, 0),
        ("team", {}, 50),
        ("team", {"limits": {"seats": "15"}}, 50 + 5 * 12),
        ("team", {"limits": {"seats": "8"}}, 50),
        ("team", {"add_ons": {"extra-api": 2}}, 50 + 2 * 20),
        ("business", {"limits": {"seats": "55"}}, 100 + 2 * 8 + 3 * 5),
        ("business", {"limits": {"seats": "61"}}, None),
        ("enterprise", {}, None),
        ("retired", {}, None),
        ("team", {"add_ons": {"retired": 1}}, None),
        ("team", {"add_ons": {"retired": 0}}, 50),
    ],
)
def test_an_account_pays_for_plan_seats_and_add_ons(plan: str, settings: dict[str, object], price: int | None) -> None:
    assert monthly_price(sold(), account(plan, **settings)) == price


@pytest.mark.parametrize(
    ("plan", "settings", "price"),
    [
        ("yearly", {}, Fraction(100, 12)),
        ("yearly", {"limits": {"seats": "7"}}, Fraction(100 + 2 * 60, 12)),
        ("yearly", {"add_ons": {"pack": 1}}, Fraction(100 + 150, 12)),
        ("each", {"members": ["ada", "bob"]}, 10 + 2 * 12),
        ("each", {"limits": {"seats": "4"}}, 10 + 4 * 12),
        ("each", {}, None),
        ("yearly", {"add_ons": {"special": 1}}, None),
        ("asked", {}, None),
    ],
)
def test_what_is_charged_by_the_year_or_by_the_head_comes_to_a_month(
    plan: str, settings: dict[str, object], price: Fraction | int | None
) -> None:
    assert monthly_price(sold(EXTRAS), account(plan, **settings)) == price
