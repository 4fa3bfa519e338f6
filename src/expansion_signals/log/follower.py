"""The log follower: reads topics as they grow, without a group and without a trace, for screens and scripts."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient

from expansion_signals.log.connecting import connecting
from expansion_signals.log.failures import kafka_failures
from expansion_signals.model.records import Record
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from types import TracebackType

    from expansion_signals.security import KafkaSecurity

_DISCOVERY_SECONDS = 1.0
_STOP_SECONDS = 5.0


class LogFollower:
    """Follows topics, whose names go without the deployment's `prefix`, from their end or their beginning.

    A topic that does not exist is no error and is not made: once it exists, it is followed from its beginning.
    Records tell the time their producer or broker put on them. An embedded broker that does not wake a waiting
    fetch needs a short `fetch_wait_seconds`.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the deployment
        self,
        servers: str,
        topics: Collection[str],
        *,
        prefix: str = "",
        from_beginning: bool = False,
        fetch_wait_seconds: float = 0.5,
        security: KafkaSecurity = PLAINTEXT,
    ) -> None:
        self._servers = servers
        self._security = security
        self._topics = {prefix + topic: topic for topic in topics}
        self._from_beginning = from_beginning
        self._options = {
            "bootstrap_servers": servers,
            "auto_offset_reset": "earliest",
            "enable_auto_commit": False,
            "isolation_level": "read_committed",
            "fetch_max_wait_ms": int(fetch_wait_seconds * 1000),
        }
        self._client: AIOKafkaClient | None = None
        self._consumer: AIOKafkaConsumer | None = None
        self._next_discovery = 0.0

    async def __aenter__(self) -> Self:
        """Connect, and take the place from which topics are followed.

        Raises:
            LogUnavailable: no broker answers.
            RejectedState: the broker refuses us.
        """
        async with connecting(self._servers, self._security):
            security = self._security.options()
            self._client = AIOKafkaClient(bootstrap_servers=self._servers, **security)
            self._consumer = AIOKafkaConsumer(**self._options, **security)
            try:
                await self._client.bootstrap()
                await self._consumer.start()
                await self._discover(self._client, self._consumer, at_end=not self._from_beginning)
            except BaseException:
                await self._close()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._close()

    @property
    def missing(self) -> Sequence[str]:
        """The topics that the broker does not have yet, with the deployment's prefix."""
        followed = {partition.topic for partition in self._consumer.assignment()} if self._consumer else set()
        return sorted(self._topics.keys() - followed)

    async def poll(self, timeout_seconds: float) -> Sequence[Record]:
        """Wait at most so long for records, in the order of each partition.

        Raises:
            LogUnavailable: the broker is away.
            RejectedState: the broker refuses us.
        """
        client, consumer = self._client, self._consumer
        assert client is not None  # noqa: S101 -- used inside its context only
        assert consumer is not None  # noqa: S101 -- the same
        with kafka_failures(self._servers):
            if time.monotonic() >= self._next_discovery:
                await self._discover(client, consumer, at_end=False)
            if not consumer.assignment():
                await asyncio.sleep(timeout_seconds)
                return ()
            fetched = await consumer.getmany(timeout_ms=int(timeout_seconds * 1000))
        return [self._record(record) for batch in fetched.values() for record in batch]

    async def _discover(self, client: AIOKafkaClient, consumer: AIOKafkaConsumer, *, at_end: bool) -> None:
        """Follow partitions that are new, without losing the place in those that are not."""
        cluster = await client.fetch_all_metadata()
        known = consumer.assignment()
        found = {
            TopicPartition(topic, number)
            for topic in self._topics
            for number in cluster.partitions_for_topic(topic) or ()
        }
        new = found - known
        if new:
            places = {partition: await consumer.position(partition) for partition in known}
            places |= await (consumer.end_offsets(new) if at_end else consumer.beginning_offsets(new))
            consumer.assign(list(places))
            for partition, offset in places.items():
                consumer.seek(partition, offset)
        self._next_discovery = time.monotonic() + _DISCOVERY_SECONDS

    def _record(self, record: Any) -> Record:  # noqa: ANN401 -- aiokafka publishes no types
        return Record(
            self._topics[record.topic],
            record.partition,
            record.offset,
            record.key,
            record.value,
            record.headers,
            record.timestamp * 1000,
        )

    async def _close(self) -> None:
        closing = [self._client.close()] if self._client is not None else []
        if self._consumer is not None:
            closing.append(self._consumer.stop())
        # A driver that is waiting to try again ends in a cancellation of its own, which must not look like ours.
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), _STOP_SECONDS)
