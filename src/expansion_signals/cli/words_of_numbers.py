"""Fractions as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.rounding import half_up

if TYPE_CHECKING:
    from fractions import Fraction


def percent(part: Fraction) -> str:
    """Return a fraction as a percentage, rounded down: nobody reads 100 % before it is reached."""
    return f"{part.numerator * 100 // part.denominator:,} %"


def change_text(growth: Fraction) -> str:
    """Return a change in words: `12 % more`, `3 % less`, `as much`."""
    rounded = half_up(abs(growth) * 100)
    return "as much" if rounded == 0 else f"{rounded:,} % {'more' if growth > 0 else 'less'}"
