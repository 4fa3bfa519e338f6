"""Reading under one assignment: from the moment its positions are settled until the group takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expansion_signals.model.records import Partition, Poll, Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import AIOKafkaConsumer, TopicPartition

    from expansion_signals.model.instants import Instant


_FETCH_BYTES = 4 * 1024 * 1024
"""Bytes asked of a partition at once. A larger record still arrives: the broker sends at least one batch."""


def driver_options(servers: str, poll_records: int, fetch_wait_seconds: float) -> dict[str, Any]:
    """Return the driver's settings where positions are a `Reading`'s: it commits nothing, and never jumps."""
    return {
        "bootstrap_servers": servers,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed",
        "max_poll_records": poll_records,
        "fetch_max_wait_ms": int(fetch_wait_seconds * 1000),
        "max_partition_fetch_bytes": _FETCH_BYTES,
    }


@dataclass(slots=True)
class Reading:
    """What is read under assignment `number`: `given` in the driver's names, `positions` next, `ends` when it began.

    Positions belong to this object, not to the driver, which also moves on over records it never hands out.
    """

    consumer: AIOKafkaConsumer
    number: int
    given: Mapping[TopicPartition, Partition]
    positions: dict[TopicPartition, int]
    ends: Mapping[TopicPartition, int]

    def go_back(self) -> None:
        """Make the driver read on at these positions; what it fetched ahead is forgotten."""
        for topic_partition, offset in self.positions.items():
            self.consumer.seek(topic_partition, offset)

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Move to these positions, as far as the partitions are of this assignment."""
        for topic_partition, partition in self.given.items():
            if partition in positions:
                self.positions[topic_partition] = positions[partition]
        self.go_back()

    def driver_names(self, positions: Mapping[Partition, int]) -> dict[TopicPartition, int] | None:
        """Return the positions by the driver's names; None if one of them is of no partition of this assignment."""
        names = {partition: topic_partition for topic_partition, partition in self.given.items()}
        if not positions.keys() <= names.keys():
            return None
        return {names[partition]: offset for partition, offset in positions.items()}

    async def take(self, fetched: Mapping[TopicPartition, Sequence[Any]], now: Instant) -> Poll:
        """Turn what the driver handed out into a poll, and move on.

        A partition without records may move, too: over transaction markers and what compaction left out.
        """
        first = self._by_partition()
        for topic_partition in self.given:
            self.positions[topic_partition] = await self.consumer.position(topic_partition)
        records: list[Record] = []
        for topic_partition, batch in fetched.items():
            records += _records(self.given[topic_partition], batch, now)
        return Poll(records, first, self._by_partition(), self.number)

    def lag(self) -> Mapping[Partition, int]:
        """Return the offsets between position and end of each partition, as far as the broker has told."""
        return {
            partition: max(0, self._end(topic_partition) - self.positions[topic_partition])
            for topic_partition, partition in self.given.items()
        }

    def last_answer(self) -> int | None:
        """Return when the broker last answered a fetch (ms since the epoch); None if there is nothing to fetch."""
        return max((self.consumer.last_poll_timestamp(tp) or 0 for tp in self.given), default=None)

    def _end(self, topic_partition: TopicPartition) -> int:
        # The last stable offset, not the high-water mark: beyond it an open transaction hides what there is.
        heard = self.consumer.last_stable_offset(topic_partition)
        return max(self.ends[topic_partition], -1 if heard is None else heard)

    def _by_partition(self) -> Mapping[Partition, int]:
        return {partition: self.positions[topic_partition] for topic_partition, partition in self.given.items()}


def _records(partition: Partition, batch: Sequence[Any], now: Instant) -> list[Record]:
    topic, number = partition
    return [
        Record(
            topic,
            number,
            record.offset,
            record.key,
            record.value,
            record.headers,
            # Type 1 is the broker's append time; anything else is the producer's word (semantics 1.3).
            record.timestamp * 1000 if record.timestamp_type == 1 else min(record.timestamp * 1000, now),
        )
        for record in batch
    ]
