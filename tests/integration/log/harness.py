"""What tests of the log share: a topic, a listener that writes down what it is asked, and two ways to poll."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from expansion_signals.log.batch_reader import BatchLogReader
from expansion_signals.model.records import Outgoing, Partition, Poll, Record
from servers.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from expansion_signals.log.publisher import LogPublisher


def now() -> int:
    return time.time_ns() // 1000


@dataclass
class Listener:
    """Begins where `begin` says, else at the commit, else at the log's start; raises `failures` first, one a call."""

    begin: Mapping[Partition, int] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    committed: Mapping[Partition, int | None] = field(default_factory=dict)
    lost: list[Sequence[Partition]] = field(default_factory=list)

    async def assigned(
        self,
        partitions: Sequence[Partition],
        committed: Mapping[Partition, int | None],
        log_start: Mapping[Partition, int],
        log_end: Mapping[Partition, int],
    ) -> Mapping[Partition, int]:
        assert committed.keys() == log_start.keys() == log_end.keys() == set(partitions)
        if self.failures:
            raise self.failures.pop(0)
        self.committed = committed
        known = {partition: offset for partition, offset in committed.items() if offset is not None}
        return {**log_start, **known, **self.begin}

    async def revoked(self, partitions: Sequence[Partition]) -> None:
        self.lost.append(partitions)


@dataclass
class Log:
    """The topic `events` with four partitions, and what tests do with it."""

    bootstrap: str
    prefix: str
    publisher: LogPublisher
    readers: list[BatchLogReader] = field(default_factory=list)

    async def create(self, topic: str, partitions: int, **configs: str) -> None:
        async with self._admin() as admin:
            await admin.create_topics([NewTopic(self.prefix + topic, partitions, 1, topic_configs=configs)])

            async def known() -> bool:
                return self.prefix + topic in await admin.list_topics()

            await until_async(known, seconds=10, waiting_for=f"topic {topic}")

    async def forget(self, partition: Partition, before: int) -> None:
        """Delete the records below an offset, as retention does."""
        name = TopicPartition(self.prefix + partition.topic, partition.partition)
        async with self._admin() as admin:
            await admin.delete_records({name: RecordsToDelete(before_offset=before)})

    async def publish(self, count: int) -> None:
        """Publish `count` records under as many keys, valued by their number."""
        records = [Outgoing("events", b"account-%d" % number, b"%d" % number) for number in range(count)]
        assert not await self.publisher.publish(records)

    def reader(self, listener: Listener | None = None, **settings: Any) -> BatchLogReader:  # noqa: ANN401 -- what the reader takes
        """Return a member of the one group, stopped when the test ends."""
        usual: dict[str, Any] = {
            "servers": self.bootstrap,
            "group": "readers",
            "topics": ["events"],
            "listener": listener or Listener(),
            "clock": now,
            "prefix": self.prefix,
            "session_timeout_seconds": 2,
            "fetch_wait_seconds": 0.05,
        }
        reader = BatchLogReader(**(usual | settings))
        self.readers.append(reader)
        return reader

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()


async def read(reader: BatchLogReader, count: int) -> list[Record]:
    """Poll until so many records have come, at least."""
    records: list[Record] = []

    async def enough() -> bool:
        records.extend((await reader.poll(0.1)).records)
        return len(records) >= count

    await until_async(enough, seconds=20, waiting_for=f"{count} records")
    return records


async def settle(reader: BatchLogReader, count: int) -> Poll:
    """Poll until the reader has so many partitions, and return that poll."""

    async def settled() -> Poll | None:
        poll = await reader.poll(0.1)
        return poll if len(poll.positions) == count else None

    poll = await until_async(settled, seconds=20, waiting_for=f"{count} partitions")
    assert poll is not None
    return poll
