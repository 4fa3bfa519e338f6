from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.money import money, monthly, rounded

AMOUNTS = st.fractions(-(10**12), 10**12, max_denominator=10**6)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (Fraction(6), "USD", "6.00"),
        (Fraction("8.375"), "USD", "8.38"),
        (Fraction("8.3749999"), "USD", "8.37"),
        (Fraction("-8.375"), "USD", "-8.38"),
        (Fraction(1, 3), "USD", "0.33"),
        (Fraction(1, 2), "JPY", "1"),
        (Fraction(1, 16), "KWD", "0.063"),
        (Fraction(0), "EUR", "0.00"),
        (Fraction(-1, 1000), "EUR", "0.00"),
        (Decimal("49.5"), "USD", "49.50"),
        (Fraction(10**30), "USD", f"1{'0' * 30}.00"),
        (Fraction("0.005"), "XYZ", "0.01"),
    ],
)
def test_money_is_rounded_half_up_in_the_digits_of_its_currency(
    amount: Fraction | Decimal, currency: str, written: str
) -> None:
    assert money(amount, currency) == {"amount": written, "currency": currency}


def test_a_price_that_recurs_says_how_often() -> None:
    assert money(Fraction(20), "USD", "month") == {"amount": "20.00", "currency": "USD", "per": "month"}


def test_a_price_for_a_year_is_divided_exactly() -> None:
    assert monthly(Decimal(100), "year") == Fraction(25, 3)


@given(AMOUNTS, st.sampled_from(["USD", "JPY", "KWD"]))
def test_rounding_moves_an_amount_by_half_of_the_last_digit_at_most(amount: Fraction, currency: str) -> None:
    digits = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    assert abs(Fraction(rounded(amount, currency)) - amount) <= Fraction(1, 2 * 10**digits)


@given(AMOUNTS)
def test_what_is_owed_and_what_is_owed_back_are_rounded_alike(amount: Fraction) -> None:
    assert rounded(-amount, "USD") == -rounded(amount, "USD")
