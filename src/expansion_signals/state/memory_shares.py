"""What the values of dimensions have of an account's counters, in memory: `lua/shares.lua`, written to be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.batches import Full, Values
from expansion_signals.model.dimensions import kept_as
from expansion_signals.model.levels import Level, changed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.batches import Move
    from expansion_signals.model.readings import Counter


class _Course(NamedTuple):
    """The level that these values share, before a move and after it."""

    values: tuple[str, ...]
    before: Level | None
    after: Level | None


@dataclass(slots=True)
class Shares:
    """By counter, the level of each dimension and value."""

    levels: dict[Counter, dict[str, dict[str, Level]]] = field(default_factory=dict)

    def full(self, account: str, move: Move, most: int) -> Iterator[Full]:
        """Return the shares that cannot take their part of a move, and stand at `most` at the most."""
        for (dimension, _), (values, before, after) in self._courses(move).items():
            if not fits(after, most):
                place = Values(move.counter, dimension, values)
                yield Full(account, move.counter.meter, place, before.amount if before else 0)

    def write(self, move: Move) -> None:
        """Move the shares of a counter that has moved."""
        for (dimension, value), course in self._courses(move).items():
            if course.after is not None:
                self.levels.setdefault(move.counter, {}).setdefault(dimension, {})[value] = course.after

    def forget(self, counter: Counter) -> None:
        """Drop the shares of a counter that is dropped."""
        self.levels.pop(counter, None)

    def _courses(self, move: Move) -> Mapping[tuple[str, str], _Course]:
        """Return by dimension and value kept what a move does; a value counts as known once one before it was new."""
        courses: dict[tuple[str, str], _Course] = {}
        standing = self.levels.get(move.counter, {})
        known = {dimension: set(values) for dimension, values in standing.items()}
        for dimension, asked, change in move.shares or ():
            values = known.setdefault(dimension, set())
            value = kept_as(asked, values)
            values.add(value)
            before = standing.get(dimension, {}).get(value)
            course = courses.get((dimension, value), _Course((), before, before))
            courses[dimension, value] = _Course((*course.values, asked), before, changed(course.after, change))
        return courses


def fits(level: Level | None, most: int) -> bool:
    """Say whether this level is at most so large."""
    return level is None or abs(level.amount) <= most
