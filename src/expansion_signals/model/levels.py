"""What becomes of a level: each aggregation as its definition reads (semantics 2.2).

The store in memory counts with it; `state/lua/changes.lua` does the same with strings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expansion_signals.model.changes import EXACT_MEMBERS, Add, Become, Hold, HoldOnly, Raise, Replace, See, Touch

if TYPE_CHECKING:
    from expansion_signals.model.changes import Change
    from expansion_signals.model.instants import Instant


@dataclass(frozen=True, slots=True)
class Level:
    """A level with what its change needs: the order of the latest event, the members seen, or those held.

    `order` is a time and an offset; of `Touch`, the time last counted.
    """

    amount: int = 0
    order: tuple[Instant, int] | None = None
    members: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()

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
            after = replace(standing, amount=standing.amount + amount)
        case Raise(highest):
            after = replace(standing, amount=highest if level is None else max(standing.amount, highest))
        case Replace(latest, time, offset):
            is_later = standing.order is None or (time, offset) >= standing.order
            after = replace(standing, amount=latest, order=(time, offset)) if is_later else standing
        case See(seen):
            members = standing.members | set(seen)
            after = replace(standing, amount=len(members), members=members)
        case Touch():
            after = _touched(standing, change)
        case Hold(present, absent):
            after = _holding(standing, standing.held.union(present).difference(absent))
        case HoldOnly(only):
            after = _holding(standing, frozenset(only))
        case Become(baseline):
            # What the days after it hold is for whoever keeps the buckets to add.
            after = replace(standing, amount=baseline)
    return after


def _touched(level: Level, touch: Touch) -> Level:
    amount, last = level.amount, level.order[0] if level.order else None
    for time in touch.times:
        if last is None or time >= last + touch.gap:
            amount, last = amount + 1, time
        elif time <= last - touch.gap:
            amount += 1
    return replace(level, amount=amount, order=None if last is None else (last, 0))


def _holding(level: Level, held: frozenset[int]) -> Level:
    return replace(level, amount=len(held), held=held)


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
