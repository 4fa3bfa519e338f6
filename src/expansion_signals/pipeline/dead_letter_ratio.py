"""How many of the last records of each partition are dead letters, and how many may be (semantics 10.3, 10.6)."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from expansion_signals.model.records import Partition


class DeadLetterRatio:
    """Dead letters may be up to `limit` (a fraction, 1: no limit) of the last `records` of a partition.

    A partition that has brought fewer is taken as if good ones had come before: a handful of bad records at the start
    of a topic is no bad deploy. Only partitions with a dead letter among their last records are remembered.
    """

    def __init__(self, limit: float, records: int) -> None:
        self._most = int(Fraction(str(limit)) * records)  # a float's product may fall short of the whole number
        self._records = records
        self._recent: dict[Partition, _Recent] = {}

    @property
    def remembers(self) -> Collection[Partition]:
        """The partitions with dead letters among their last records."""
        return self._recent.keys()

    def take(
        self,
        read: Mapping[Partition, Sequence[int]],
        dead: Mapping[Partition, Collection[int]],
        found: Mapping[Partition, Collection[int]] = MappingProxyType({}),
    ) -> Partition | None:
        """Take in what was read, as offsets, and which of it are dead letters.

        Return the partition of which, at any of these records, more would be `dead` than may be: then nothing is taken
        in. What was `found` to be dead too late to be refused is taken in whatever it comes to: ask `is_past`. What was
        taken in before, and is read again, changes nothing.
        """
        taken: dict[Partition, _Recent] = {}
        for partition in read.keys() & (self._recent.keys() | dead.keys() | found.keys()):
            taken[partition] = recent = self._recent.get(partition, _Recent(self._records)).copy()
            if not recent.take(read[partition], dead.get(partition, ()), self._most):
                return partition
            recent.take(read[partition], found.get(partition, ()), self._records)
        self._recent.update(taken)
        for partition in [partition for partition, recent in taken.items() if not recent.dead]:
            del self._recent[partition]
        return None

    def is_past(self, partition: Partition) -> bool:
        """Say whether more of its last records are dead than may be, by what was noted."""
        recent = self._recent.get(partition)
        return recent is not None and len(recent.dead) > self._most


class _Recent:
    """The last records of one partition, oldest first, and those of them that are dead letters."""

    __slots__ = ("dead", "offsets")

    def __init__(self, records: int) -> None:
        self.offsets: deque[int] = deque(maxlen=records)
        self.dead: set[int] = set()

    def copy(self) -> Self:
        same = type(self)(self.offsets.maxlen or 0)
        same.offsets.extend(self.offsets)
        same.dead |= self.dead
        return same

    def take(self, offsets: Iterable[int], dead: Collection[int], most: int) -> bool:
        for offset in offsets:
            if not self.offsets or offset > self.offsets[-1]:
                if len(self.offsets) == self.offsets.maxlen:
                    self.dead.discard(self.offsets[0])
                self.offsets.append(offset)
            if offset in dead and offset >= self.offsets[0]:
                self.dead.add(offset)
                if len(self.dead) > most:
                    return False
        return True
