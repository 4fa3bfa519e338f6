"""What an account may need: what a step of the catalog must bring to solve it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction


class MoreOf(NamedTuple):
    """A greater limit of a meter: from `current` to `least` or more, scaled by the meter's precision.

    `usage` is what is used now and `expected` what will be by the end of the period at the present pace, scaled, where
    a signal tells of both. `people` are those who would have a seat, where that is known.
    """

    meter: str
    current: int
    least: int
    usage: Fraction | None = None
    expected: Fraction | None = None
    people: int | None = None

    def is_solved_by(self, limit: int | None) -> bool:
        """Say whether this limit is enough; None is unlimited."""
        return limit is None or limit >= self.least


class Features(NamedTuple):
    """Features that the plan does not include."""

    keys: tuple[str, ...]


class Product(NamedTuple):
    """Another product: an add-on of this key, a feature of this key, or what the next plan brings."""

    key: str


class Conversation(NamedTuple):
    """A reason to talk about the next plan, and no lack that a step would have to mend."""


Need: TypeAlias = MoreOf | Features | Product | Conversation
