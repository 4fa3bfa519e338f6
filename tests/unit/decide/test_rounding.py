from __future__ import annotations

from fractions import Fraction

import pytest

from expansion_signals.decide.rounding import half_up


@pytest.mark.parametrize(
    ("number", "whole"), [("49.5", 50), ("49.4999", 49), ("50", 50), ("-0.5", 0), ("-0.51", -1), ("2.5", 3)]
)
def test_a_half_is_rounded_up(number: str, whole: int) -> None:
    assert half_up(Fraction(number)) == whole
