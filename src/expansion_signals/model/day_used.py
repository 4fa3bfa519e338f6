"""What accounts used on a UTC day, put together over accounts and shards (semantics 6.4).

Of each plan and meter stands how many accounts used which amount. That is exact while the plan has up to
`EXACT_ACCOUNTS` accounts; beyond, an amount is rounded down to its first 8 binary digits, which takes less than 0.8 %
of it. However many accounts there are, at most 7,295 amounts up to 2^63 - 1 differ then:

    amount       1    255    256    257    1,003    1,000,000    2^63 - 1
    stands as    1    255    256    256    1,000      999,424    255 * 2^55

Rounding twice is rounding once and counts are added, so any grouping of the same accounts comes to the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXACT_ACCOUNTS = 10_000
"""Accounts of a plan whose amounts are kept as they are. Of more, amounts are rounded, and payloads say so."""

_DIGITS = 8


class DayUsed(NamedTuple):
    """What some accounts used on a UTC day.

    `accounts` says by plan how many there are; `amounts` by plan and meter how many of them used which amount, scaled.
    Those that used nothing are in `accounts` alone.
    """

    day: int
    accounts: Mapping[str, int]
    amounts: Mapping[tuple[str, str], Mapping[int, int]]


def rounded(amount: int) -> int:
    """Return an amount with zeros behind its first 8 binary digits."""
    zeros = max(0, amount.bit_length() - _DIGITS)
    return amount >> zeros << zeros


def used_by(day: int, accounts: Iterable[tuple[str, Mapping[str, int]]]) -> DayUsed:
    """Return what accounts used, each given by its plan and its amounts by meter."""
    plans: Counter[str] = Counter()
    amounts: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for plan, by_meter in accounts:
        plans[plan] += 1
        for meter, amount in by_meter.items():
            if amount > 0:
                amounts[plan, meter][amount] += 1
    return together(day, [DayUsed(day, plans, amounts)])


def together(day: int, parts: Iterable[DayUsed]) -> DayUsed:
    """Return what the accounts of all parts used on this day; no account is in two of them."""
    accounts: Counter[str] = Counter()
    amounts: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for part in parts:
        accounts.update(part.accounts)
        for place, counts in part.amounts.items():
            amounts[place].update(counts)
    return DayUsed(
        day,
        accounts,
        {
            (plan, meter): counts if accounts[plan] <= EXACT_ACCOUNTS else _all_rounded(counts)
            for (plan, meter), counts in amounts.items()
        },
    )


def _all_rounded(counts: Mapping[int, int]) -> Counter[int]:
    coarse: Counter[int] = Counter()
    for amount, accounts in counts.items():
        coarse[rounded(amount)] += accounts
    return coarse
