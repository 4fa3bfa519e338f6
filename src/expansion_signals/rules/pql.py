"""Rules that qualify leads: `signal: pql` (semantics 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from expansion_signals.model.instants import DAY

if TYPE_CHECKING:
    from decimal import Decimal

    from expansion_signals.model.instants import Duration
    from expansion_signals.rules.conditions import Condition
    from expansion_signals.rules.spellings import CapSpelling

Tier: TypeAlias = Literal["A", "B", "C"]

HALF_LIFE: Duration = 14 * DAY
COOLDOWN: Duration = 30 * DAY
HYSTERESIS = 10
"""Points below `qualify_at` at which a lead still is one (semantics 10.6)."""


class Tiers(NamedTuple):
    """From which score a lead is of tier A, and of B; every other one that qualifies is of C (semantics 10.6)."""

    a: int
    b: int

    def of(self, score: int) -> Tier:
        """Return the tier of a score: a lead that has fallen below `qualify_at`, and is still one, is of C."""
        if score >= self.a:
            return "A"
        return "B" if score >= self.b else "C"


TIERS = Tiers(a=85, b=70)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One reason why an account qualifies: `points` while `when` is true, and a part of them after that.

    `within` is the window of every fact in it that has one; None: that of each fact (`rules/fact_windows.py`).
    """

    id: str
    when: Condition
    points: int
    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class PqlRule:
    """A rule whose criteria add up to a score (semantics 8).

    An account qualifies at `qualify_at`, and is no lead any more below `qualify_at - hysteresis`, or once
    `disqualify_when` is true. `half_life` is how long the points of a criterion take to become half, `cooldown` how
    long a lead of no higher tier waits for its turn.
    """

    id: str
    version: str
    qualify_at: int
    criteria: tuple[Criterion, ...]
    half_life: Duration = HALF_LIFE
    hysteresis: int = HYSTERESIS
    cooldown: Duration = COOLDOWN
    tiers: Tiers = TIERS
    disqualify_when: Condition | None = None
    when: Condition | None = None
    shadow: bool = False
    holdout: Decimal | None = None
    cap: CapSpelling | None = None
