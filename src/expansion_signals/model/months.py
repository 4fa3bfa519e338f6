"""Months of the UTC calendar: what day buckets are kept by, and totals are kept of (semantics 2.5)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import DAY

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant

_FIRST_DAY = date(1970, 1, 1)
_YEAR = 12


class Month(NamedTuple):
    """One month of the calendar; as text `2026-11`. Months compare as they follow each other."""

    year: int
    number: int

    def __str__(self) -> str:
        """Return the month as it stands in keys and fields."""
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def end(self) -> Instant:
        """Where the next month begins."""
        following = self.later(1)
        return (date(following.year, following.number, 1) - _FIRST_DAY).days * DAY

    def later(self, months: int) -> Month:
        """Return the month so many after this one; before it, where `months` is negative."""
        year, month = divmod(self.year * _YEAR + self.number - 1 + months, _YEAR)
        return Month(year, month + 1)


def month_of(day: int) -> Month:
    """Return the month in which the UTC day of this number lies."""
    there = _FIRST_DAY + timedelta(days=day)
    return Month(there.year, there.month)


def read_month(text: str) -> Month:
    """Read `2026-11`."""
    year, _, number = text.partition("-")
    return Month(int(year), int(number))
