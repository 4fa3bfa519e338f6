"""Decay: points of a criterion that is met no more, half of them after each half-life (semantics 8.2).

half-life 14 d, 40 points

    last seen 0 d ago     40
              7 d         28.28…, told as 28
             14 d         20, exactly
             28 d         10, exactly
            140 d          0.04, told as 0
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expansion_signals.model.instants import Duration

_LN_2 = Decimal("0.6931471805599453094172321214581765680755001343602553")
_EXACT = Context(prec=50, rounding=ROUND_HALF_EVEN)
_GONE = 64
"""Half-lives after which less than a rounding error is left of any number of points."""


def share_left(age: Duration, half_life: Duration) -> Fraction:
    """Return what is left of points after `age`: 1 at once, exactly 1/2 after one half-life, 0 after 64.

    What lies between whole half-lives is rounded to 50 digits. The decimal `exp` is correctly rounded wherever it runs.
    """
    halvings, rest = divmod(max(age, 0), half_life)
    if halvings >= _GONE:
        return Fraction(0)
    left = Fraction(1, 2**halvings)
    if not rest:
        return left
    part = _EXACT.divide(Decimal(rest), Decimal(half_life))
    return left * Fraction(_EXACT.exp(_EXACT.multiply(-_LN_2, part)))
