"""How far a subscriber has come with the partitions of one assignment: what it may commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Partition: TypeAlias = tuple[str, int]
"""Topic, with the deployment's prefix, and number; kafka-python's `TopicPartition` is one."""

Place: TypeAlias = tuple[Partition, int]
"""A partition and an offset in it: where a record stands."""


class Progress:
    """What was taken from each partition, in order, and which of it is not done yet.

    The offset to commit lies before the first that is not done: whatever is done behind it is in the group's memory.
    Offsets of a partition come in ascending order.
    """

    def __init__(self) -> None:
        self._next: dict[Partition, int] = {}
        self._open: dict[Partition, dict[int, None]] = {}
        self._committed: dict[Partition, int] = {}

    def take(self, place: Place) -> None:
        """Take note of a record; it holds the offset back until it is passed, or done."""
        partition, offset = place
        self._committed.setdefault(partition, offset)
        self._next[partition] = offset + 1
        self._open.setdefault(partition, {})[offset] = None

    def drop(self, place: Place) -> None:
        """Take note that nobody will act on this record."""
        partition, offset = place
        self._open[partition].pop(offset, None)

    def after(self, done: Collection[Place]) -> dict[Partition, int]:
        """Return what is to be committed once all of these are done.

        Their partitions are in it even where the offset stays: without an offset the broker would not ask who we are.
        """
        offsets = {partition: self._first_open(partition, done) for partition in self._next}
        asked = {partition for partition, _ in done}
        return {each: offset for each, offset in offsets.items() if each in asked or offset > self._committed[each]}

    def commit(self, done: Collection[Place], offsets: Mapping[Partition, int]) -> None:
        """Take note that these are done, and that what `after` said is committed."""
        for place in done:
            self.drop(place)
        self._committed.update(offsets)

    def _first_open(self, partition: Partition, done: Collection[Place]) -> int:
        still_open = (each for each in self._open[partition] if (partition, each) not in done)
        return next(still_open, self._next[partition])
