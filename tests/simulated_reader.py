"""A second reader of topics that never were, each from its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.log.second_reader import Extent
from expansion_signals.model.records import Poll

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.model.records import Partition, Record

STANDS_FOR = 400
"""So many records each one stands for where it is asked how far the end is: a shard is handed back two before it."""


class SimulatedReader:
    """Reads what there is in `partitions`, so many records of each as `size` says at the time."""

    def __init__(self, partitions: Mapping[Partition, Sequence[Record | None]], size: Callable[[], int]) -> None:
        self._partitions = partitions
        self._size = size
        self._positions: dict[Partition, int] = {}

    async def extent(self) -> Extent:
        return Extent(dict.fromkeys(self._partitions, 0), self._ends())

    async def begin(self, extent: Extent, positions: Mapping[Partition, int]) -> None:
        assert positions.keys() == extent.start.keys()
        self._positions = dict(positions)

    async def poll(self, timeout_seconds: float) -> Poll:
        assert timeout_seconds > 0
        first, ends, size = self._positions, self._ends(), self._size()
        self._positions = {partition: min(at + size, ends[partition]) for partition, at in first.items()}
        found = [
            record
            for partition, at in first.items()
            for record in self._partitions[partition][at : self._positions[partition]]
            if record is not None
        ]
        return Poll(found, first, self._positions, 1)

    def seek(self, positions: Mapping[Partition, int]) -> None:
        self._positions = {**self._positions, **positions}

    def lag(self) -> Mapping[Partition, int]:
        ends = self._ends()
        return {partition: STANDS_FOR * (ends[partition] - at) for partition, at in self._positions.items()}

    async def stop(self) -> None:
        self._positions = {}

    def _ends(self) -> Mapping[Partition, int]:
        return {partition: len(records) for partition, records in self._partitions.items()}
