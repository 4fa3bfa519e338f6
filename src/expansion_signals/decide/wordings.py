"""How languages write what copy is filled with: numbers, money, and the few words that stand with them.

language      1234.5      price                       seats
en            1,234.5     20.00 USD a month           3 seats
de            1.234,5     20,00 USD im Monat          3 Plätze
fr, es, …     1 234,5     20,00 USD/month             3 seats
others        1,234.5     20.00 USD/month             3 seats

A number must not change its value with the reader: `1,234` is read as little more than one where the comma is a point.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple, TypeGuard

from expansion_signals.model.amounts import LARGEST

_AMOUNT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?", re.ASCII)

_NO_BREAK = "\xa0"
_DECIMAL_COMMA = frozenset(
    {
        *("bg", "ca", "cs", "da", "el", "es", "et", "fi", "fr", "hr", "hu", "id", "is", "it", "lt", "lv", "nb", "nl"),
        *("nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "tr", "uk", "vi"),
    }
)


class Wording(NamedTuple):
    """One language's way: what groups thousands, the decimal point, and what follows a price or a number of seats."""

    group: str = ","
    point: str = "."
    month: str = "/month"
    year: str = "/year"
    seat: str = "seat"
    seats: str = "seats"
    is_english: bool = False

    def number(self, value: object) -> str | None:
        """Return a decimal string, with the digits it has, or a count as this language writes it; None for all else."""
        text = str(value) if type(value) is int and abs(value) <= LARGEST else value
        if not is_number(text):
            return None
        grouped = f"{int(text):,}" if text.isdecimal() else format(Decimal(text), ",f")
        return grouped if self.is_english else grouped.translate({ord(","): self.group, ord("."): self.point})


def is_number(value: object) -> TypeGuard[str]:
    """Say whether this is a decimal string as payloads have them, and no longer than any amount is."""
    return isinstance(value, str) and _AMOUNT.fullmatch(value) is not None


ENGLISH = Wording(month=" a month", year=" a year", is_english=True)
_GERMAN = Wording(".", ",", " im Monat", " im Jahr", "Platz", "Plätze")
_WITH_COMMA = Wording(_NO_BREAK, ",")
_OTHER = Wording()


def wording_of(language: str) -> Wording:
    """Return how a language writes, by the first part of its tag."""
    primary = language.lower().partition("-")[0]
    if primary in _DECIMAL_COMMA:
        return _WITH_COMMA
    return {"en": ENGLISH, "de": _GERMAN}.get(primary, _OTHER)
