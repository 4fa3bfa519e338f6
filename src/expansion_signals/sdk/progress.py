"""How far a subscriber has come with the partitions of one assignment: what it may commit."""

from __future__ import annotations

from typing import TypeAlias

Partition: TypeAlias = tuple[str, int]
"""Topic, with the deployment's prefix, and number; kafka-python's `TopicPartition` is one."""


class Progress:
    """What was taken from each partition, in order, and which of it is not done yet.

    The offset to commit lies before the first that is not done: whatever is done behind it is in the group's memory.
    Offsets of a partition come in ascending order.
    """

    def __init__(self) -> None:
        self._next: dict[Partition, int] = {}
        self._open: dict[Partition, dict[int, None]] = {}
        self._committed: dict[Partition, int] = {}

    def take(self, partition: Partition, offset: int, *, keep: bool) -> None:
        """Take note of a record: `keep` if it was handed out, so that it holds the offset back until it is done."""
        self._committed.setdefault(partition, offset)
        self._next[partition] = offset + 1
        if keep:
            self._open.setdefault(partition, {})[offset] = None

    def after(self, partition: Partition, done: int) -> int:
        """Return what is to be committed for this partition once `done` is."""
        return self._first_open(partition, done)

    def finish(self, partition: Partition, offset: int) -> None:
        """Take note that this record is done, and that what `after` said is committed."""
        self._open[partition].pop(offset, None)
        self._committed[partition] = self._first_open(partition)

    def uncommitted(self) -> dict[Partition, int]:
        """Return what is to be committed where more was passed than is committed."""
        reached = {partition: self._first_open(partition) for partition in self._next}
        return {partition: offset for partition, offset in reached.items() if offset > self._committed[partition]}

    def commit(self, offsets: dict[Partition, int]) -> None:
        """Take note that these are committed."""
        self._committed.update(offsets)

    def _first_open(self, partition: Partition, without: int | None = None) -> int:
        return next((each for each in self._open.get(partition, ()) if each != without), self._next[partition])
