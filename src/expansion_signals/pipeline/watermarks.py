"""What this worker knows to be applied: for each shard and partition the next offset, as Redis last said.

A range always starts where its shard's watermark stands; naming that start is how a gap is noticed (architecture,
The apply script). Reading resumes at the lowest watermark of all shards: what lies below is applied everywhere, so
the committed offset, which is at most that, adds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expansion_signals.model.records import Partition
    from expansion_signals.ports import Store


class Watermarks:
    """Watermarks of the partitions this worker reads, in every shard.

    `topic_names` maps a topic to the name it has in the state: the broker's id where it gives one, so that a topic
    that was made anew is another topic.
    """

    def __init__(self, store: Store, topic_names: Mapping[str, str]) -> None:
        self._store = store
        self.topic_names = topic_names
        self._log_start: dict[Partition, int] = {}
        self._standing: dict[int, dict[Partition, int | None]] = {}
        self.names: dict[Partition, str] = {}

    async def resume(
        self, partitions: Iterable[Partition], log_start: Mapping[Partition, int], log_end: Mapping[Partition, int]
    ) -> Mapping[Partition, int]:
        """Learn the watermarks of newly assigned partitions; return where to begin reading each.

        Raises:
            StateUnavailable: Redis does not answer.
            RejectedState: the log does not hold what the state has yet to see, or ends before what it has seen.
        """
        given = list(partitions)
        self.names.update(
            {partition: f"{self.topic_names[partition.topic]}/{partition.partition}" for partition in given}
        )
        self._log_start.update({partition: log_start[partition] for partition in given})
        begins = await self._lowest(given)
        for partition in given:
            self._refuse_hole(partition, begins[partition], log_end[partition])
        return begins

    async def again(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Learn anew after a gap; return where to read again from."""
        return await self._lowest(list(partitions))

    async def rolled_back(self) -> Mapping[Partition, int]:
        """Return where to read again from in partitions of which a shard lost what it had acknowledged to this worker.

        The apply script notices a shard that comes to be written; this finds those that no record comes to.
        """
        fallen = {
            partition
            for shard, now in (await self._store.watermarks()).items()
            for partition, acknowledged in self._standing.get(shard, {}).items()
            if self._next(now.get(self.names[partition]), partition) < self._next(acknowledged, partition)
        }
        return await self.again(fallen) if fallen else {}

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Drop partitions that another worker reads now."""
        for partition in partitions:
            self.names.pop(partition, None)
            for standing in self._standing.values():
                standing.pop(partition, None)

    def at(self, shard: int, partition: Partition) -> int:
        """Return the next offset of the partition that the shard has not applied."""
        return self._standing[shard][partition] or 0

    def of(self, shard: int, partitions: Iterable[Partition]) -> dict[Partition, int | None]:
        """Return where the shard's next range starts; None where it has never applied a record of the partition."""
        return {partition: self._standing[shard][partition] for partition in partitions}

    def acknowledge(self, shard: int, ends: Mapping[Partition, int]) -> None:
        """Note what the shard has applied."""
        self._standing[shard].update(ends)

    def learn(self, shard: int, said: Mapping[str, int | None]) -> Mapping[Partition, int]:
        """Take the shard's word; return the next offsets it has not applied."""
        partitions = {name: partition for partition, name in self.names.items()}
        offsets = {partitions[name]: offset for name, offset in said.items() if name in partitions}
        self._standing[shard].update(offsets)
        return {partition: offset or 0 for partition, offset in offsets.items()}

    def behind(self, positions: Mapping[Partition, int]) -> Mapping[int, dict[Partition, int | None]]:
        """Return the shards that stand below these positions, with where they stand."""
        found: dict[int, dict[Partition, int | None]] = {}
        for shard, standing in self._standing.items():
            below = {
                partition: standing[partition]
                for partition, position in positions.items()
                if partition in standing and self._next(standing[partition], partition) < position
            }
            if below:
                found[shard] = below
        return found

    def all_of(self, partitions: Iterable[Partition]) -> Mapping[int, dict[Partition, int | None]]:
        """Return where every shard stands in these partitions."""
        given = [partition for partition in partitions if partition in self.names]
        return {shard: self.of(shard, given) for shard in self._standing} if given else {}

    async def _lowest(self, partitions: list[Partition]) -> dict[Partition, int]:
        found = await self._store.watermarks()
        for shard, standing in found.items():
            mine = self._standing.setdefault(shard, {})
            mine.update({partition: standing.get(self.names[partition]) for partition in partitions})
        return {
            partition: min(self._next(standing[partition], partition) for standing in self._standing.values())
            for partition in partitions
        }

    def _next(self, offset: int | None, partition: Partition) -> int:
        return self._log_start[partition] if offset is None else offset

    def _refuse_hole(self, partition: Partition, begin: int, log_end: int) -> None:
        highest = max(standing[partition] or 0 for standing in self._standing.values())
        if begin < self._log_start[partition]:
            raise RejectedState(
                f"{partition.topic}/{partition.partition} now begins at offset {self._log_start[partition]}, but the "
                f"state has applied it up to {begin} only: retention took events before they were counted. "
                "See docs/operations.md, `The log is shorter than the state`"
            )
        if highest > log_end:
            raise RejectedState(
                f"{partition.topic}/{partition.partition} ends at offset {log_end}, but the state has applied it up "
                f"to {highest}: the topic was made anew or cut. "
                "See docs/operations.md, `The log is shorter than the state`"
            )
