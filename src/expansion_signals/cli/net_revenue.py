"""Net revenue retention and its parts (domain: What came of it).

Of accounts that paid at the start:

    start 1,000,000 + expansion 150,000 - contraction 30,000 - churn 50,000     1,070,000, 107 %

What accounts pay that paid nothing at the start is new, and in no part of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.cli.revenue import Revenue


class Movement(NamedTuple):
    """A change of what an account pays; `gone`: it has left. None: nobody says what it pays."""

    account: str
    before: Revenue | None
    after: Revenue | None
    gone: bool = False


@dataclass(slots=True)
class NetRevenue:
    """The parts, a month, in one currency; contraction and churn are what was lost, above zero."""

    start: Fraction = Fraction(0)
    expansion: Fraction = Fraction(0)
    contraction: Fraction = Fraction(0)
    churn: Fraction = Fraction(0)
    new: Fraction = Fraction(0)
    paying_at_start: int = 0
    paying_now: int = 0
    now: Fraction = Fraction(0)

    @property
    def retention(self) -> Fraction | None:
        """(start + expansion - contraction - churn) ÷ start; None where nobody paid at the start."""
        return _share(self.start + self.expansion - self.contraction - self.churn, self.start)

    @property
    def expansion_rate(self) -> Fraction | None:
        """Expansion ÷ start."""
        return _share(self.expansion, self.start)

    @property
    def per_account_at_start(self) -> Fraction | None:
        """Start ÷ accounts that paid then."""
        return _share(self.start, Fraction(self.paying_at_start))

    @property
    def per_account_now(self) -> Fraction | None:
        """What is paid now ÷ accounts that pay now."""
        return _share(self.now, Fraction(self.paying_now))


class NetRevenues(NamedTuple):
    """By currency; `unknown` are changes of which nobody says what they come to."""

    by_currency: Mapping[str, NetRevenue]
    unknown: int


def net_revenues(now: Mapping[str, Revenue | None], movements: Sequence[Movement]) -> NetRevenues:
    """Return the parts: `now` is what each account pays today, `movements` in their order since the start.

    What an account paid at the start is what it paid before its first change, or what it pays now where there is none.
    """
    first: dict[str, Movement] = {}
    for movement in movements:
        first.setdefault(movement.account, movement)
    starts = {account: revenue for account, revenue in now.items() if account not in first}
    starts |= {account: movement.before for account, movement in first.items()}
    found: defaultdict[str, NetRevenue] = defaultdict(NetRevenue)
    for revenue in _known(starts.values()):
        found[revenue.currency].start += revenue.amount
        found[revenue.currency].paying_at_start += revenue.amount > 0
    for revenue in _known(now.values()):
        found[revenue.currency].now += revenue.amount
        found[revenue.currency].paying_now += revenue.amount > 0
    unknown = sum(not _counted(movement, starts.get(movement.account), found) for movement in movements)
    return NetRevenues(dict(sorted(found.items())), unknown)


def _counted(movement: Movement, start: Revenue | None, found: Mapping[str, NetRevenue]) -> bool:
    """Add a change to the part that it belongs to; say whether it is known what it comes to."""
    before, after = movement.before, movement.after
    if before is None or after is None or (before.amount and after.amount and before.currency != after.currency):
        return False
    change = after.amount - before.amount
    parts = found[after.currency if after.amount else before.currency]
    if start is None or not start.amount:
        parts.new += change
    elif change > 0:
        parts.expansion += change
    elif movement.gone:
        parts.churn -= change
    else:
        parts.contraction -= change
    return True


def _known(revenues: Iterable[Revenue | None]) -> Iterable[Revenue]:
    return (revenue for revenue in revenues if revenue is not None)


def _share(part: Fraction, whole: Fraction) -> Fraction | None:
    return part / whole if whole else None
