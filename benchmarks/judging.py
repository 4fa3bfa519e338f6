"""What came, against what had to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter

    from benchmarks.workload import Threshold


@dataclass(frozen=True)
class Judgement:
    """How many thresholds were due, how many of them came, and what was wrong; `refused` are dead letters."""

    expected: int
    got: int
    missing: int
    extra: int
    twice: int
    broken: int
    refused: int

    @property
    def wrong(self) -> int:
        """How many were missing, not due, or told more than once, and by how many the dead letters differ."""
        return self.missing + self.extra + self.twice + abs(self.broken - self.refused)


def judged(due: set[Threshold], came: Counter[Threshold], *, broken: int = 0, refused: int = 0) -> Judgement:
    """Compare what came with the truth."""
    return Judgement(
        expected=len(due),
        got=len(due & came.keys()),
        missing=len(due - came.keys()),
        extra=len(came.keys() - due),
        twice=sum(count > 1 for count in came.values()),
        broken=broken,
        refused=refused,
    )
