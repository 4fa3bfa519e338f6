"""A step of the catalog that an account could take, and which of several is the smallest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction


StepKind: TypeAlias = Literal["overage", "seats", "add_on", "capacity", "plan", "contact_sales"]

_SMALLEST_FIRST: tuple[StepKind, ...] = ("overage", "seats", "add_on", "capacity", "plan", "contact_sales")
"""What changes least, where two cost the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `gain` is what the account has of it, in words.

    `price` is what it costs a month, exactly; None where only sales can say it, or where it depends on what is not
    known. `per` is what the catalog gives that price per; None where it is paid once. `extra` is by how much more the
    account pays a month than now, None where that is not known. `quantity` is how many seats or pieces. `limit` is what
    the account may then use of the meter in need, scaled; None is unlimited.
    """

    kind: StepKind
    to: str
    gain: str | None
    price: Fraction | None = None
    per: Literal["month", "year"] | None = "month"
    extra: Fraction | None = None
    quantity: int | None = None
    limit: int | None = None

    @property
    def cost(self) -> Fraction | None:
        """What it costs beside others: the difference to now; all of its price, where what is paid now is unknown."""
        return self.price if self.extra is None else self.extra


def smallest(steps: Iterable[Step]) -> Step | None:
    """Return the cheapest step; of equal price, the one that changes least, the first of the catalog.

    Those with a price come before those without one, and what only sales can sell comes last. An add-on for 20 beats a
    plan for 50 more.
    """
    return min(steps, key=_place, default=None)


def greatest(steps: Iterable[Step]) -> Step | None:
    """Return the step with the greatest limit, the smallest of several: for a need that none solves."""
    found = list(steps)
    most = None if any(step.limit is None for step in found) else max((step.limit or 0 for step in found), default=0)
    return smallest(step for step in found if step.limit == most)


def _place(step: Step) -> tuple[bool, bool, Fraction | int, int]:
    cost = step.cost
    return (step.kind == "contact_sales", cost is None, cost or 0, _SMALLEST_FIRST.index(step.kind))
