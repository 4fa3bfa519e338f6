"""The second reader: reads topics whole without a group, for what has to be read again beside the first.

It brings up shards that are late, and reads what was published where state was lost. It commits nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from expansion_signals.errors import LogUnavailable
from expansion_signals.log.closing import close
from expansion_signals.log.connecting import connecting
from expansion_signals.log.failures import kafka_failures
from expansion_signals.log.missing import reject_missing
from expansion_signals.log.reading import Reading, driver_options
from expansion_signals.model.instants import MILLISECOND
from expansion_signals.model.records import Partition
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Poll
    from expansion_signals.security import KafkaSecurity

_ANSWER_SECONDS = 5


class Extent(NamedTuple):
    """Where each partition began and ended when it was looked at."""

    start: Mapping[Partition, int]
    end: Mapping[Partition, int]


class SecondReader:
    """Reads every partition of these topics, whose names go without the deployment's `prefix`.

    `clock` tells the time now, as for `BatchLogReader`. All calls come from one task.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the deployment
        self,
        servers: str,
        topics: Collection[str],
        clock: Callable[[], Instant],
        *,
        prefix: str = "",
        poll_records: int = 4_000,
        fetch_wait_seconds: float = 0.5,
        security: KafkaSecurity = PLAINTEXT,
    ) -> None:
        self._servers = servers
        self._security = security
        self._topics = {prefix + topic: topic for topic in topics}
        self._clock = clock
        self._options = driver_options(servers, poll_records, fetch_wait_seconds)
        self._consumer: AIOKafkaConsumer | None = None
        self._given: Mapping[TopicPartition, Partition] = {}
        self._reading: Reading | None = None

    async def extent(self) -> Extent:
        """Connect, if it is not, and return where the topics begin and end.

        Raises:
            LogUnavailable: no broker answers; asking again is right.
            RejectedState: topics are missing, or the broker refuses us.
        """
        consumer = await self._connected()
        given = self._given
        with kafka_failures(self._servers):
            async with asyncio.timeout(_ANSWER_SECONDS):
                starts = await consumer.beginning_offsets(given)
                ends = await consumer.end_offsets(given)
        return Extent({given[tp]: at for tp, at in starts.items()}, {given[tp]: at for tp, at in ends.items()})

    async def at(self, instant: Instant) -> Mapping[Partition, int | None]:
        """Return the offset of the first record of each partition of `instant` or later; None: it names none.

        Raises what `extent` raises.
        """
        consumer = await self._connected()
        stamp = max(0, instant // MILLISECOND)
        with kafka_failures(self._servers):
            async with asyncio.timeout(_ANSWER_SECONDS):
                found = await consumer.offsets_for_times(dict.fromkeys(self._given, stamp))
        return {self._given[tp]: None if place is None else place.offset for tp, place in found.items()}

    async def begin(self, extent: Extent, positions: Mapping[Partition, int]) -> None:
        """Read these partitions from these positions on, and no others."""
        consumer = await self._connected()
        given = {tp: partition for tp, partition in self._given.items() if partition in positions}
        consumer.assign(list(given))
        begun = {tp: positions[partition] for tp, partition in given.items()}
        self._reading = Reading(consumer, 0, given, begun, {tp: extent.end[each] for tp, each in given.items()})
        self._reading.go_back()

    async def poll(self, timeout_seconds: float) -> Poll:
        """Wait at most so long for records; once `begin` has said where.

        Raises:
            LogUnavailable: the broker is away; polling again is right.
            RejectedState: the log no longer holds the position: nothing is skipped.
        """
        reading = self._reading
        assert reading is not None  # noqa: S101 -- begun before
        try:
            with kafka_failures(self._servers):
                fetched = await reading.consumer.getmany(timeout_ms=int(timeout_seconds * 1000))
        except LogUnavailable:
            reading.go_back()  # getmany has moved on in the partitions it read before it failed
            raise
        return await reading.take(fetched, self._clock())

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Go on reading at these offsets."""
        if self._reading is not None:
            self._reading.seek(positions)

    def lag(self) -> Mapping[Partition, int]:
        """Return how many offsets lie between position and end of each partition, as last heard."""
        return self._reading.lag() if self._reading is not None else {}

    async def stop(self) -> None:
        """Close every connection."""
        consumer, self._consumer, self._reading = self._consumer, None, None
        if consumer is not None:
            await close(consumer)

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is not None:
            return self._consumer
        async with connecting(self._servers, self._security):
            consumer = AIOKafkaConsumer(**self._options, **self._security.options())
            try:
                await consumer.start()
                # Of topics that it is not subscribed to, the driver itself keeps no partitions.
                cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 -- there is no public way
                reject_missing(self._servers, self._topics, cluster.topics())
            except BaseException:
                await close(consumer)
                raise
        self._given = {
            TopicPartition(topic, number): Partition(name, number)
            for topic, name in self._topics.items()
            for number in sorted(cluster.partitions_for_topic(topic) or ())
        }
        self._consumer = consumer
        return consumer
