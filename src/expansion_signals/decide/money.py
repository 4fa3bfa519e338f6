"""Money: exact fractions inside, rounded half up once, in the digits of its currency (semantics 7.8)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from expansion_signals.rules.currencies import MINOR_DIGITS

_USUAL_DIGITS = 2
"""Of a currency that the list does not know: a profile may name any, a catalog may not."""

MONTHS = {"month": 1, "year": 12}
"""How many months a price is for, by what it is per."""


def rounded(amount: Fraction | Decimal, currency: str) -> Decimal:
    """Return an amount in the digits of its currency, rounded half up: away from zero, as bills are.

    USD 8.375 → 8.38, USD -8.375 → -8.38, JPY 0.5 → 1
    """
    digits = MINOR_DIGITS.get(currency, _USUAL_DIGITS)
    numerator, denominator = amount.as_integer_ratio()
    whole = (abs(numerator) * 2 * 10**digits // denominator + 1) // 2
    return Decimal(f"{-whole if amount < 0 else whole}e-{digits}")


def money(amount: Fraction | Decimal, currency: str, per: str | None = None) -> dict[str, str]:
    """Return an amount as payloads carry it: `{"amount": "6.00", "currency": "USD"}`, with `per` where it recurs."""
    written = {"amount": format(rounded(amount, currency), "f"), "currency": currency}
    return written if per is None else {**written, "per": per}


@lru_cache(maxsize=1024)
def monthly(price: Decimal, per: str) -> Fraction:
    """Return what a price of the catalog comes to a month, exactly: 100 a year is 25/3."""
    return Fraction(price) / MONTHS[per]
