"""What becomes of a level: each aggregation as its definition reads (semantics 2.2).

The store in memory counts with it; `state/lua/changes.lua` does the same with strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.changes import EXACT_MEMBERS, Add, Become, Raise, Replace, See

if TYPE_CHECKING:
    from expansion_signals.model.changes import Change
    from expansion_signals.model.instants import Instant


class Level(NamedTuple):
    """A level with what its change needs: the order (time and offset) of the latest event, or the members seen."""

    amount: int = 0
    order: tuple[Instant, int] | None = None
    members: frozenset[int] = frozenset()

    @property
    def estimated(self) -> bool:
        """Whether Redis would hold a sketch by now; here the count stays exact."""
        return len(self.members) > EXACT_MEMBERS


def changed(level: Level | None, change: Change | None) -> Level | None:
    """Return the level after one change; None where there is still none."""
    if change is None:
        return level
    standing = level or Level()
    match change:
        case Add(amount):
            after = Level(standing.amount + amount, standing.order, standing.members)
        case Raise(highest):
            highest = highest if level is None else max(standing.amount, highest)
            after = Level(highest, standing.order, standing.members)
        case Replace(latest, time, offset):
            is_later = standing.order is None or (time, offset) >= standing.order
            after = Level(latest, (time, offset), standing.members) if is_later else standing
        case See(seen):
            members = standing.members | set(seen)
            after = Level(len(members), standing.order, members)
        case Become(baseline):
            # What the days after it hold is for whoever keeps the buckets to add.
            after = Level(baseline, standing.order, standing.members)
    return after


def merged(before: Change | None, change: Change | None) -> Change | None:
    """Return the one change that two of an aggregation come to, after each other: what an hour bucket holds."""
    match before, change:
        case None, _:
            return change
        case _, None:
            return before
        case Add(first), Add(second):
            return Add(first + second)
        case Raise(first), Raise(second):
            return Raise(max(first, second))
        case Replace(), Replace():
            return change if change[1:] >= before[1:] else before
        case See(first), See(second):
            return See(tuple(sorted({*first, *second})))
        case _:
            raise TypeError(f"{before} and {change} are not of one aggregation")
