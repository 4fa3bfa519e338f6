"""What this worker knows to be applied: for each shard and partition the next offset, as Redis last said.

A range always starts where its shard's watermark stands; naming that start is how a gap is noticed (architecture,
The apply script). Reading resumes at the lowest watermark of the shards it serves: what lies below is applied in all of
them, so the committed offset, which is at most that, adds nothing.

A shard that is lost, or late, is not served: the reader passes its records by, a second reader brings it up, and once
it is handed back reading goes on at its watermark (`serving`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedState
from expansion_signals.pipeline.looks import BEHIND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Partition
    from expansion_signals.model.shards import ShardStanding
    from expansion_signals.pipeline.serving import Serving


class Watermarks:
    """Watermarks of the partitions this worker reads, in every shard that it serves.

    `topic_names` maps a topic to the name it has in the state: the broker's id where it gives one, so that a topic
    that was made anew is another topic.
    """

    def __init__(self, serving: Serving, topic_names: Mapping[str, str]) -> None:
        self._serving = serving
        self.topic_names = topic_names
        self._log_start: dict[Partition, int] = {}
        self._log_end: dict[Partition, int] = {}
        self._standing: dict[int, dict[Partition, int | None]] = {}
        self._since: dict[int, Instant | None] = {}
        self._reached: dict[int, Mapping[str, Instant]] = {}
        self.names: dict[Partition, str] = {}
        self.breaks = 0
        """How often a shard was found, or may be found, to stand otherwise than this worker left it."""

    async def resume(
        self, partitions: Iterable[Partition], log_start: Mapping[Partition, int], log_end: Mapping[Partition, int]
    ) -> Mapping[Partition, int]:
        """Learn the watermarks of newly assigned partitions; return where to begin reading each.

        Raises:
            StateUnavailable: Redis does not answer.
            RejectedState: the log does not hold what the state has yet to see, or ends before what it has seen.
        """
        given = list(partitions)
        read_before = self.names.keys() - given
        self.names.update(
            {partition: f"{self.topic_names[partition.topic]}/{partition.partition}" for partition in given}
        )
        self._log_start.update({partition: log_start[partition] for partition in given})
        self._log_end.update({partition: log_end[partition] for partition in given})
        served = await self._served()
        if read_before:
            # What was handed back meanwhile is behind in those, too: `rolled_back` goes back for it.
            served = {shard: stands for shard, stands in served.items() if shard in self._standing}
        self._learn_all(served, given)
        self.breaks += 1
        begins = self._lowest(given)
        for partition in given:
            self._refuse_hole(partition, begins[partition])
        return begins

    async def again(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Learn anew after a gap in these partitions; return where to read again from, in others too if need be.

        Raises:
            StateLost: no shard stands any more.
        """
        return self._back(await self._served(), partitions)

    async def rolled_back(self) -> Mapping[Partition, int]:
        """Return where to read again from in partitions of which a shard lost what it had acknowledged to this worker.

        The apply script notices a shard that comes to be written; this finds those that no record comes to, and those
        that are handed back by a second reader.

        Raises:
            StateLost: no shard stands any more.
        """
        served = await self._served()
        known = served.keys() & self._standing.keys()
        return self._back(served, {partition for shard in known for partition in self._fallen(shard, served[shard])})

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Drop partitions that another worker reads now."""
        self.breaks += 1
        for partition in partitions:
            self.names.pop(partition, None)
            for standing in self._standing.values():
                standing.pop(partition, None)

    def serves(self, shard: int) -> bool:
        """Say whether records of this shard are applied by this reader."""
        return shard in self._standing

    def lost(self, shard: int) -> None:
        """Serve this shard no more: it is empty where others are not, and will be made anew."""
        self.breaks += 1
        self._standing.pop(shard, None)

    def since(self, shard: int) -> Instant | None:
        """Return from when on the shard knows everything; None where it always did (see `ShardStanding`)."""
        return self._since.get(shard)

    def reached(self, topics: Iterable[str], read: Mapping[Partition, Instant]) -> Mapping[int, Instant]:
        """Return what append time each served shard has reached in all partitions of these topics, `BEHIND` it.

        `read` has it of partitions that are read to their end, where any record to come is newer. A shard of which a
        partition has told nothing yet is not in the answer. As of when the shards were last asked.
        """
        names = {self.topic_names[topic] for topic in topics}
        own = {name: read[partition] for partition, name in self.names.items() if partition in read}
        found = {}
        for shard in self._standing:
            told = {name: at for name, at in self._reached.get(shard, {}).items() if name.rpartition("/")[0] in names}
            times = [max(at - BEHIND, own.get(name, 0)) for name, at in told.items()]
            if times and min(times) > 0:
                found[shard] = min(times)
        return found

    def at(self, shard: int, partition: Partition) -> int:
        """Return the next offset of the partition that the shard has not applied."""
        return self._standing[shard][partition] or 0

    def starts(self, partition: Partition) -> Mapping[int, int]:
        """Return by shard that is served the next offset of the partition that it has not applied."""
        return {shard: standing[partition] or 0 for shard, standing in self._standing.items()}

    def of(self, shard: int, partitions: Iterable[Partition]) -> dict[Partition, int | None]:
        """Return where the shard's next range starts; None where it has never applied a record of the partition."""
        return {partition: self._standing[shard][partition] for partition in partitions}

    def acknowledge(self, shard: int, ends: Mapping[Partition, int]) -> None:
        """Note what the shard has applied."""
        self._standing[shard].update(ends)

    def learn(self, shard: int, said: Mapping[str, int | None]) -> Mapping[Partition, int]:
        """Take the shard's word; return the next offsets it has not applied."""
        self.breaks += 1
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

    # ---------------------------------------------------------------------------------------- inside

    async def _served(self) -> Mapping[int, ShardStanding]:
        """Return the shards to serve from now on; those that are not any more are forgotten."""
        found = await self._serving.among(self.names, self._log_start)
        self._since = {shard: standing.since for shard, standing in found.standing.items()}
        self._reached = {shard: _told(standing) for shard, standing in found.standing.items()}
        for shard in self._standing.keys() - found.served:
            del self._standing[shard]
        return {shard: found.standing[shard] for shard in found.served}

    def _back(self, served: Mapping[int, ShardStanding], partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Learn anew what is said of these partitions; return where to read again from."""
        handed_back = served.keys() - self._standing.keys()
        # What was passed by meanwhile is nobody's, so reading goes back to where that shard stands, in all partitions.
        behind = set(self.names) if handed_back else set(partitions)
        self._learn_all(served, behind)
        self.breaks += bool(behind)
        return self._lowest(behind)

    def _learn_all(self, served: Mapping[int, ShardStanding], partitions: Iterable[Partition]) -> None:
        """Take the word of every shard; of one that was not served before, about every partition."""
        given = list(partitions)
        for shard, standing in served.items():
            asked = given if shard in self._standing else self.names
            mine = self._standing.setdefault(shard, {})
            mine.update({partition: standing.watermarks.get(self.names[partition]) for partition in asked})

    def _fallen(self, shard: int, now: ShardStanding) -> Iterator[Partition]:
        """Return the partitions in which a shard stands lower than it had acknowledged."""
        for partition, acknowledged in self._standing[shard].items():
            if self._next(now.watermarks.get(self.names[partition]), partition) < self._next(acknowledged, partition):
                yield partition

    def _lowest(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return {
            partition: min(
                (self._next(standing[partition], partition) for standing in self._standing.values()),
                # Nothing is served: whatever is handed back later is read from where it stands.
                default=self._log_end[partition],
            )
            for partition in partitions
        }

    def _next(self, offset: int | None, partition: Partition) -> int:
        return self._log_start[partition] if offset is None else offset

    def _refuse_hole(self, partition: Partition, begin: int) -> None:
        start, end = self._log_start[partition], self._log_end[partition]
        highest = max((standing[partition] or 0 for standing in self._standing.values()), default=0)
        if begin < start:
            raise RejectedState(
                f"{partition.topic}/{partition.partition} now begins at offset {start}, but the state has applied it "
                f"up to {begin} only: retention took events before they were counted. To go on without them: "
                "expansion-signals worker --accept-log (docs/operations.md, `The log is shorter than the state`)"
            )
        if highest > end:
            raise RejectedState(
                f"{partition.topic}/{partition.partition} ends at offset {end}, but the state has applied it up to "
                f"{highest}: the topic was made anew or cut. To count the log as it is now: "
                "expansion-signals worker --accept-log (docs/operations.md, `The log is shorter than the state`)"
            )


def _told(standing: ShardStanding) -> Mapping[str, Instant]:
    """Return what each partition has told; 0 where it has told nothing."""
    return {name: standing.reached.get(name, 0) for name in standing.watermarks}
