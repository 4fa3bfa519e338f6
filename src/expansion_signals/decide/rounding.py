"""Rounding to whole points: half up, so that two machines agree on the same score."""

from __future__ import annotations

from fractions import Fraction
from math import floor


def half_up(number: Fraction) -> int:
    """Return the nearest whole number, of two the higher one: 49.5 is 50, -0.5 is 0."""
    return floor(number + Fraction(1, 2))
