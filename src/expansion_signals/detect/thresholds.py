"""Where thresholds stand on a counter's way (semantics 3.1, 3.6).

Levels are whole numbers, so `level >= place` decides exactly even where 80 % of a limit is a fraction: the place is
the smallest level that reaches it.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from decimal import Decimal

    from expansion_signals.model.readings import Limit
    from expansion_signals.model.thresholds import Threshold

HYSTERESIS = 20
"""Which part: a twentieth. Of the limit; of the threshold where there is no limit (semantics 3.4)."""


class Place(NamedTuple):
    """Reached at `level >= at`; re-armed by a fall to `level < edge`, by none where that is None. Scaled amounts."""

    at: int
    edge: int | None

    def is_left(self, level: int) -> bool:
        """Say whether a fall to this level re-arms the threshold."""
        return self.edge is not None and level < self.edge


class Series(NamedTuple):
    """A recurring step: places at `base + step`, `base + 2 * step`, … in scaled amounts."""

    base: Fraction
    step: Fraction

    def highest(self, level: int) -> int | None:
        """Return the highest place at or below this level; None below the first."""
        count = floor((level - self.base) / self.step)
        return ceil(self.base + count * self.step) if count >= 1 else None

    def following(self, level: int) -> int:
        """Return the lowest place above this level."""
        count = max(1, floor((level - self.base) / self.step) + 1)
        return ceil(self.base + count * self.step)


def standing(threshold: Threshold, limit: Limit | None, precision: int) -> Place | Series | None:
    """Return where the threshold stands; None where it does not exist.

    Percent and remaining need a limit that is not unlimited, and so does a step after a percentage. Of a limit of
    zero only 100 % exists: any positive usage reaches it.
    """
    amount = limit.amount if limit else None
    if threshold.kind == "step":
        return _series(threshold, amount, precision)
    exact = _exact(threshold, amount, precision)
    return None if exact is None else _place(*exact, amount)


def _exact(threshold: Threshold, amount: int | None, precision: int) -> tuple[int, int] | None:
    """Return numerator and denominator of where it stands: every reading asks, and fractions cost ten times as much."""
    numerator, denominator = threshold.value.as_integer_ratio()
    if threshold.kind == "usage":
        return numerator * 10**precision, denominator
    if amount is None:
        return None
    if threshold.kind == "remaining":
        return amount * denominator - numerator * 10**precision, denominator
    if amount == 0:
        return (1, 1) if threshold.value == 100 else None  # noqa: PLR2004 -- 100 % is the rule of semantics 3.6
    return amount * numerator, denominator * 100


def _place(numerator: int, denominator: int, amount: int | None) -> Place:
    """Return the place; usage back to nothing re-arms even a threshold so low that hysteresis would end below zero."""
    hysteresis = abs(numerator if amount is None else amount * denominator)
    at = -(-numerator // denominator)
    edge = -(-(numerator * HYSTERESIS - hysteresis) // (denominator * HYSTERESIS))
    return Place(at, max(edge, 1) if at > 0 else edge)


def _series(threshold: Threshold, amount: int | None, precision: int) -> Series | None:
    step = _scaled(threshold.value, precision)
    if threshold.after_percent is not None:
        return None if amount is None else Series(amount * Fraction(threshold.after_percent) / 100, step)
    if threshold.after_usage is not None:
        return Series(_scaled(threshold.after_usage, precision), step)
    return Series(Fraction(0), step)


def _scaled(value: Decimal, precision: int) -> Fraction:
    scale: int = 10**precision
    return Fraction(value) * scale
