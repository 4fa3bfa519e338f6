"""What is left of points with time."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.decay import share_left
from expansion_signals.model.instants import DAY

HALF = 14 * DAY


@pytest.mark.parametrize(
    ("days", "left"), [(0, Fraction(1)), (14, Fraction(1, 2)), (28, Fraction(1, 4)), (140, Fraction(1, 1024))]
)
def test_after_whole_half_lives_it_is_exactly_that_power_of_a_half(days: int, left: Fraction) -> None:
    assert share_left(days * DAY, HALF) == left


@pytest.mark.parametrize(("days", "digits"), [(7, "0.7071067811865475"), (1, "0.9516951530106"), (20, "0.3714985722")])
def test_between_them_it_is_the_power_of_a_half(days: int, digits: str) -> None:
    left = share_left(days * DAY, HALF)
    assert Fraction(digits) <= left < Fraction(digits) + Fraction(1, 10 ** (len(digits) - 2))


def test_what_was_seen_later_than_now_is_whole() -> None:
    assert share_left(-DAY, HALF) == 1


def test_after_an_age_nothing_is_left() -> None:
    assert share_left(10**18, 1) == 0


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(1, 10**13))
def test_with_age_never_more_is_left(one: int, other: int, half_life: int) -> None:
    younger, older = sorted((one, other))
    assert 0 <= share_left(older, half_life) <= share_left(younger, half_life) <= 1


@given(st.integers(0, 10**14), st.integers(1, 10**13))
def test_one_half_life_later_exactly_half_is_left(age: int, half_life: int) -> None:
    later = share_left(age + half_life, half_life)
    assert later in (share_left(age, half_life) / 2, 0)
