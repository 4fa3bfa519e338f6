"""The batch log reader: a member of a consumer group that begins where its listener says.

The metering and the deciding service read with it. Positions belong to this reader, not to its driver: after every
assignment, failure and pause it goes back to the position of its own that comes next, so no record is passed over.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, NoOffsetForPartitionError

from expansion_signals.errors import LogUnavailable, RejectedState
from expansion_signals.log.failures import kafka_failures
from expansion_signals.model.records import Partition, Poll, Record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

    from expansion_signals.model.instants import Instant

_FETCH_BYTES = 4 * 1024 * 1024
"""Bytes asked of a partition at once. A larger record still arrives: the broker sends at least one batch."""

_MEMBERSHIP_SECONDS = 300
"""A member that neither polls nor is `paused` for so long leaves the group: it hangs."""

_SILENT_SECONDS = 5
"""The broker answers a fetch within its wait, with records or without; after so long without it is away."""

_STOP_SECONDS = 5

_NO_PARTITION = TopicPartition("", 0)
"""Asked for this one, the driver counts a poll and tells what ails the group, but hands out no record."""


class AssignmentListener(Protocol):
    """Who knows where reading goes on. Both methods are called from `poll`, never beside it."""

    async def assigned(
        self,
        partitions: Sequence[Partition],
        committed: Mapping[Partition, int | None],
        log_start: Mapping[Partition, int],
        log_end: Mapping[Partition, int],
    ) -> Mapping[Partition, int]:
        """Return the offset at which to begin, for each of the partitions (architecture, Resume).

        What it raises leaves `poll`, and the next poll asks again: nothing is read before there is an answer.
        """

    async def revoked(self, partitions: Sequence[Partition]) -> None:
        """Take note that these partitions are lost; some may come back with the next assignment."""


class BatchLogReader:
    """Reads topics in batches as a member of `group`; both names go without the deployment's `prefix`.

    It reads committed records only and commits nothing by itself. `clock` tells the time now: a record whose topic
    does not stamp append times is not taken for newer than that (semantics 1.3). `security` are further settings of
    the connection, as aiokafka names them. An embedded broker that does not wake a waiting fetch needs a short
    `fetch_wait_seconds`.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the deployment
        self,
        servers: str,
        group: str,
        topics: Collection[str],
        listener: AssignmentListener,
        clock: Callable[[], Instant],
        *,
        prefix: str = "",
        poll_records: int = 4_000,
        session_timeout_seconds: float = 10,
        fetch_wait_seconds: float = 0.5,
        security: Mapping[str, Any] | None = None,
    ) -> None:
        self._servers = servers
        self._topics = {prefix + topic: topic for topic in topics}
        self._listener = listener
        self._clock = clock
        # A join is answered when the last member has joined, at most a session timeout later.
        self._answer_seconds = session_timeout_seconds + 5
        self._options: dict[str, Any] = {
            "bootstrap_servers": servers,
            "group_id": prefix + group,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "isolation_level": "read_committed",
            "max_poll_records": poll_records,
            "max_poll_interval_ms": _MEMBERSHIP_SECONDS * 1000,
            "session_timeout_ms": int(session_timeout_seconds * 1000),
            "heartbeat_interval_ms": int(session_timeout_seconds * 1000 / 4),
            "request_timeout_ms": int(self._answer_seconds * 1000),
            "fetch_max_wait_ms": int(fetch_wait_seconds * 1000),
            "max_partition_fetch_bytes": _FETCH_BYTES,
            **(security or {}),
        }
        self._consumer: AIOKafkaConsumer | None = None
        self._assignment = 0
        self._given: Mapping[TopicPartition, Partition] | None = None
        self._positions: dict[TopicPartition, int] | None = None
        self._ends: dict[TopicPartition, int] = {}
        self._lost: Sequence[Partition] = ()
        self._last_answer = 0
        self._silence = 0.0

    @property
    def assignment(self) -> int:
        """A number that changes whenever partitions are given or lost."""
        return self._assignment

    async def start(self) -> None:
        """Connect and ask to join the group; after a failure it may be called again.

        Raises:
            LogUnavailable: no broker answers.
            RejectedState: topics are missing, or the broker refuses this member.
        """
        with kafka_failures(self._servers):
            consumer = AIOKafkaConsumer(**self._options)
            try:
                await consumer.start()
                self._reject_missing(await consumer.topics())
            except BaseException:
                await consumer.stop()
                raise
        self._silence = 0.0
        self._consumer = consumer
        consumer.subscribe(topics=list(self._topics), listener=_Rebalances(self, consumer))

    async def stop(self) -> None:
        """Leave the group, so that others take over at once; commits nothing."""
        consumer, self._consumer = self._consumer, None
        self.lose()
        if consumer is not None:
            with suppress(KafkaError, TimeoutError):  # a broker that is away notices by the session timeout
                async with asyncio.timeout(_STOP_SECONDS):
                    await consumer.stop()

    async def poll(self, timeout_seconds: float) -> Poll:
        """Wait at most so long for records; an empty poll may still have moved positions.

        Raises:
            LogUnavailable: the broker is away; polling again is right, it joins the group anew where needed.
            RejectedState: the log no longer holds the position: nothing is skipped.
            Exception: whatever the listener raised; the next poll asks it again.
        """
        if self._consumer is None:
            await self.start()
        await self._settle()
        began = time.monotonic()
        fetched = await self._fetch(timeout_seconds)
        if not fetched:
            await self._listen(time.monotonic() - began)
        if self._positions is None or self._consumer is None:
            return Poll((), {}, {}, self._assignment)
        return await self._taken(self._consumer, self._positions, fetched)

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Go on reading at these offsets. Partitions that are lost meanwhile are left out: their next owner decides."""
        if self._consumer is None or self._positions is None:
            return
        for topic_partition, partition in (self._given or {}).items():
            if partition in positions:
                self._positions[topic_partition] = positions[partition]
        self._go_back()

    async def commit(self, positions: Mapping[Partition, int]) -> bool:
        """Commit next offsets; False where the group has moved on and the partitions may be another member's.

        Raises:
            LogUnavailable: the broker does not answer; whether it committed is not known.
        """
        if self._consumer is None or self._positions is None:
            return False
        names = {partition: topic_partition for topic_partition, partition in (self._given or {}).items()}
        if not positions.keys() <= names.keys():
            return False
        with kafka_failures(self._servers):
            try:
                async with asyncio.timeout(self._answer_seconds):
                    await self._consumer.commit({names[partition]: offset for partition, offset in positions.items()})
            except (CommitFailedError, IllegalStateError):
                return False
        return True

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Stay a member without reading, while the caller retries what it has (semantics 10.1); no polls meanwhile."""
        staying = asyncio.create_task(_stay(self._consumer)) if self._consumer else None
        try:
            yield
        finally:
            if staying is not None:
                staying.cancel()
                await asyncio.wait([staying])

    def lag(self) -> Mapping[Partition, int]:
        """Return how many offsets lie between the reader and the end of each partition, as last heard."""
        if self._consumer is None or self._positions is None or self._given is None:
            return {}
        return {
            partition: max(0, self._end(self._consumer, topic_partition) - self._positions[topic_partition])
            for topic_partition, partition in self._given.items()
        }

    def caught_up(self) -> bool:
        """Say whether everything there was, as last heard, has been polled; False while nothing is assigned yet."""
        return self._positions is not None and not any(self.lag().values())

    # ------------------------------------------------------------------------------------- assignments

    def lose(self) -> None:
        """Note that the group has taken every partition away (eager rebalancing)."""
        self._assignment += 1
        if self._positions is not None and self._given is not None:
            self._lost = tuple(self._given.values())
        self._given = self._positions = None

    def give(self, topic_partitions: Collection[TopicPartition]) -> None:
        """Note what the group has given; nothing of it is read before the listener has said where to begin."""
        self._assignment += 1
        self._given = {tp: Partition(self._topics[tp.topic], tp.partition) for tp in sorted(topic_partitions)}

    async def _settle(self) -> None:
        if self._lost:
            await self._listener.revoked(self._lost)
            self._lost = ()
        if self._given is not None and self._positions is None and self._consumer is not None:
            await self._begin(self._consumer, self._given, self._assignment)

    async def _begin(
        self, consumer: AIOKafkaConsumer, given: Mapping[TopicPartition, Partition], assignment: int
    ) -> None:
        with kafka_failures(self._servers):
            async with asyncio.timeout(self._answer_seconds):
                committed = await asyncio.gather(*(consumer.committed(tp) for tp in given))
                starts = await consumer.beginning_offsets(given)
                ends = await consumer.end_offsets(given)
        positions = await self._listener.assigned(
            tuple(given.values()),
            dict(zip(given.values(), committed, strict=True)),
            {given[tp]: offset for tp, offset in starts.items()},
            {given[tp]: offset for tp, offset in ends.items()},
        )
        if assignment != self._assignment:
            return  # the group moved on while the listener looked; the next poll asks again
        self._positions = {tp: positions[partition] for tp, partition in given.items()}
        self._ends = ends
        self._go_back()
        consumer.resume(*given)

    def _go_back(self) -> None:
        """Make the driver read on at our positions: what it fetched ahead is forgotten."""
        if self._consumer is not None and self._positions is not None:
            for topic_partition, offset in self._positions.items():
                self._consumer.seek(topic_partition, offset)

    def _reject_missing(self, existing: Collection[str]) -> None:
        missing = sorted(self._topics.keys() - existing)
        if missing:
            raise RejectedState(
                f"Kafka at {self._servers} has no topic {', '.join(missing)}; run `expansion-signals topics create`"
            )

    # ----------------------------------------------------------------------------------------- reading

    async def _fetch(self, timeout_seconds: float) -> Mapping[TopicPartition, Sequence[Any]]:
        assert self._consumer is not None  # noqa: S101 -- `poll` has started it
        wanted = () if self._positions is not None else (_NO_PARTITION,)
        fetched: Mapping[TopicPartition, Sequence[Any]] = {}
        try:
            # While the group rebalances, getmany knows no timeout; after it, it may ask for positions not settled yet.
            with kafka_failures(self._servers), suppress(TimeoutError, NoOffsetForPartitionError):
                async with asyncio.timeout(timeout_seconds):
                    fetched = await self._consumer.getmany(*wanted, timeout_ms=int(timeout_seconds * 1000))
        except LogUnavailable:
            await self.stop()  # the driver's task for the group has ended and does not come back
            raise
        except RejectedState:
            self._go_back()  # getmany has moved on in the partitions it had read before it failed
            raise
        return fetched

    async def _listen(self, waited: float) -> None:
        """Count how long polls have waited without any answer of the broker: the driver retries and does not tell."""
        assert self._consumer is not None  # noqa: S101 -- `poll` has started it
        settled = self._positions is not None
        answers = [self._consumer.last_poll_timestamp(tp) or 0 for tp in self._positions or ()]
        last = max(answers, default=0)
        if settled and (not answers or last != self._last_answer):  # a member without partitions asks for nothing
            self._last_answer, self._silence = last, 0.0
            return
        self._silence += waited
        if self._silence > 2 * self._answer_seconds:
            await self.stop()
        if self._silence > (_SILENT_SECONDS if settled else 2 * self._answer_seconds):
            raise LogUnavailable(f"Kafka at {self._servers} has not answered for {self._silence:.0f} s")

    async def _taken(
        self, consumer: AIOKafkaConsumer, positions: dict[TopicPartition, int], fetched: Mapping[TopicPartition, Any]
    ) -> Poll:
        given = self._given or {}
        first = {partition: positions[tp] for tp, partition in given.items()}
        for topic_partition in given:
            positions[topic_partition] = await consumer.position(topic_partition)
        now = self._clock()
        records: list[Record] = []
        for topic_partition, batch in fetched.items():
            records += _records(given[topic_partition], batch, now)
        return Poll(records, first, {partition: positions[tp] for tp, partition in given.items()}, self._assignment)

    def _end(self, consumer: AIOKafkaConsumer, topic_partition: TopicPartition) -> int:
        heard = consumer.last_stable_offset(topic_partition)
        return max(self._ends[topic_partition], -1 if heard is None else heard)


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
            record.timestamp * 1000 if record.timestamp_type == 1 else min(record.timestamp * 1000, now),
        )
        for record in batch
    ]


async def _stay(consumer: AIOKafkaConsumer) -> None:
    while True:
        with suppress(KafkaError):  # the next poll meets it again, and tells it
            await consumer.getmany(_NO_PARTITION, timeout_ms=0)
        await asyncio.sleep(1)


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka publishes no types
    """What aiokafka calls in the middle of a rebalance: it only takes note, since what it raised would be lost."""

    def __init__(self, reader: BatchLogReader, consumer: AIOKafkaConsumer) -> None:
        self._reader = reader
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002 -- its signature
        self._reader.lose()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._consumer.pause(*assigned)
        self._reader.give(assigned)
