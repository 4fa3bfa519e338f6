"""The batch log reader: a member of a consumer group that begins where its listener says.

The metering and the deciding service read with it. What must outlive a failure of the driver is kept here and in
`reading`: after every assignment, failure and rewind it goes back to its own position, so no record is passed over.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, NoOffsetForPartitionError

from expansion_signals.errors import LogUnavailable, RejectedState
from expansion_signals.log.assignments import Assignments
from expansion_signals.log.closing import close
from expansion_signals.log.connecting import connecting
from expansion_signals.log.failures import kafka_failures
from expansion_signals.log.missing import reject_missing
from expansion_signals.log.reading import Reading, driver_options
from expansion_signals.model.records import Partition, Poll
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

    from expansion_signals.log.assignments import AssignmentListener
    from expansion_signals.model.instants import Instant
    from expansion_signals.security import KafkaSecurity

_HEARTBEAT_SECONDS = 0.5
"""A member hears at a heartbeat that another came or left: so long everybody waits for everybody, twice a restart."""

_MEMBERSHIP_SECONDS = 300
"""A member that neither polls nor is `paused` for so long leaves the group: it hangs."""

_ANSWER_SECONDS = 5
"""Commits and look-ups are answered at once, fetches within their short wait; a broker silent for longer is away."""

_METADATA_SECONDS = 10
"""How long partitions that are added go unnoticed, at most; the driver itself would look for them every 5 min."""

_NO_PARTITION = TopicPartition("", 0)
"""Asked for this one, the driver counts a poll and tells what ails the group, but hands out no record."""


class BatchLogReader:
    """Reads topics in batches as a member of `group`; both names go without the deployment's `prefix`.

    It reads committed records only and commits nothing by itself. `clock` tells the time now: a record whose topic
    does not stamp append times is not taken for newer than that (semantics 1.3). An embedded broker that does not wake
    a waiting fetch needs a short `fetch_wait_seconds`. `driver` are further settings, as aiokafka names them. All calls
    come from one task.
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
        security: KafkaSecurity = PLAINTEXT,
        driver: Mapping[str, Any] | None = None,
    ) -> None:
        self._servers = servers
        self._security = security
        self._topics = {prefix + topic: topic for topic in topics}
        self._listener = listener
        self._clock = clock
        # A join is answered when the last member has joined, at most a session timeout later.
        self._join_seconds = session_timeout_seconds + _ANSWER_SECONDS
        self._options: dict[str, Any] = {
            **driver_options(servers, poll_records, fetch_wait_seconds),
            "group_id": prefix + group,
            "max_poll_interval_ms": _MEMBERSHIP_SECONDS * 1000,
            "session_timeout_ms": int(session_timeout_seconds * 1000),
            "heartbeat_interval_ms": int(min(_HEARTBEAT_SECONDS, session_timeout_seconds / 4) * 1000),
            "request_timeout_ms": int(self._join_seconds * 1000),
            "metadata_max_age_ms": _METADATA_SECONDS * 1000,
            **(driver or {}),
        }
        self._consumer: AIOKafkaConsumer | None = None
        self._assignments = Assignments(self._topics)
        self._settled: Reading | None = None
        self._last_answer: int | None = None
        self._silence = 0.0

    @property
    def assignment(self) -> int:
        """A number that changes whenever partitions are given or lost; a poll carries the one it was read under."""
        return self._assignments.number

    async def start(self) -> None:
        """Connect and ask to join the group; after a failure it may be called again.

        Raises:
            LogUnavailable: no broker answers.
            RejectedState: topics are missing, or the broker refuses this member, or does not let us in.
        """
        await self._connected()

    async def stop(self) -> None:
        """Leave the group, so that others take over at once; commits nothing."""
        consumer, self._consumer = self._consumer, None
        self._assignments.on_partitions_revoked()
        if consumer is not None:
            await close(consumer)

    async def poll(self, timeout_seconds: float) -> Poll:
        """Wait at most so long for records; an empty poll may still have moved positions.

        Raises:
            LogUnavailable: the broker is away; polling again is right, it joins the group anew where needed.
            RejectedState: the log no longer holds the position: nothing is skipped.
            Exception: whatever the listener raised; the next poll asks it again.
        """
        consumer = await self._connected()
        await self._settle(consumer)
        began = time.monotonic()
        fetched = await self._fetch(consumer, timeout_seconds)
        reading = self._reading
        if not fetched:
            await self._listen(reading, time.monotonic() - began)
        if reading is None:
            return Poll((), {}, {}, self.assignment)
        return await reading.take(fetched, self._clock())

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Go on reading at these offsets; partitions lost meanwhile are left out: their next owner decides."""
        if self._reading is not None:
            self._reading.seek(positions)

    async def commit(self, positions: Mapping[Partition, int]) -> bool:
        """Commit next offsets; False where the group has moved on and the partitions may be another member's.

        Raises:
            LogUnavailable: the broker does not answer; whether it committed is not known.
        """
        offsets = self._reading.driver_names(positions) if self._reading is not None else None
        if self._consumer is None or offsets is None:
            return False
        with kafka_failures(self._servers):
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._consumer.commit(offsets)
            except (CommitFailedError, IllegalStateError):
                return False
        return True

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Stay a member without reading, while the caller retries what it has (semantics 10.1); no polls meanwhile."""
        staying = asyncio.create_task(_stay(self._consumer)) if self._consumer is not None else None
        try:
            yield
        finally:
            if staying is not None:
                staying.cancel()
                await asyncio.wait([staying])

    def lag(self) -> Mapping[Partition, int] | None:
        """Return how many offsets lie between position and end of each partition, as last heard.

        None while nothing is assigned yet: then nobody knows, while a member that has no partition is done.
        """
        return self._reading.lag() if self._reading is not None else None

    @property
    def _reading(self) -> Reading | None:
        """What is read under the assignment of now; None until its positions are settled."""
        settled = self._settled
        return settled if settled is not None and settled.number == self._assignments.number else None

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is not None:
            return self._consumer
        async with connecting(self._servers, self._security):
            consumer = AIOKafkaConsumer(**self._options, **self._security.options())
            try:
                await consumer.start()
                reject_missing(self._servers, self._topics, await consumer.topics())
            except BaseException:
                await close(consumer)
                raise
            consumer.subscribe(topics=list(self._topics), listener=self._assignments)
        self._consumer, self._silence = consumer, 0.0
        return consumer

    async def _settle(self, consumer: AIOKafkaConsumer) -> None:
        """Tell the listener what is lost, and ask it where to begin in what is given."""
        if self._settled is not None and self._reading is None:
            await self._listener.revoked(tuple(self._settled.given.values()))
            self._settled = None
        number, given = self._assignments.number, self._assignments.given
        if self._settled is not None or given is None:
            return
        with kafka_failures(self._servers):
            async with asyncio.timeout(_ANSWER_SECONDS):
                committed = await asyncio.gather(*(consumer.committed(tp) for tp in given))
                starts = await consumer.beginning_offsets(given)
                ends = await consumer.end_offsets(given)
        positions = await self._listener.assigned(
            tuple(given.values()),
            dict(zip(given.values(), committed, strict=True)),
            {given[tp]: offset for tp, offset in starts.items()},
            {given[tp]: offset for tp, offset in ends.items()},
        )
        if number == self._assignments.number:  # else the group moved on meanwhile, and the next poll asks again
            begun = {topic_partition: positions[partition] for topic_partition, partition in given.items()}
            self._settled = Reading(consumer, number, given, begun, ends)
            self._settled.go_back()

    async def _fetch(
        self, consumer: AIOKafkaConsumer, timeout_seconds: float
    ) -> Mapping[TopicPartition, Sequence[Any]]:
        wanted = () if self._reading is not None else (_NO_PARTITION,)
        fetched: Mapping[TopicPartition, Sequence[Any]] = {}
        try:
            # While the group rebalances, getmany knows no timeout; after it, it may ask for positions not settled yet.
            with kafka_failures(self._servers), suppress(TimeoutError, NoOffsetForPartitionError):
                async with asyncio.timeout(timeout_seconds):
                    fetched = await consumer.getmany(*wanted, timeout_ms=int(timeout_seconds * 1000))
        except LogUnavailable:
            await self.stop()  # the driver's task for the group has ended and does not come back
            raise
        except RejectedState:
            if self._reading is not None:
                self._reading.go_back()  # getmany has moved on in the partitions it read before it failed
            raise
        finally:
            # A getmany that is cut short counts as going on for ever, and a member that hangs would never be missed;
            # counted as none, a member would be taken to hang all the time that a group needs to settle.
            consumer._subscription._fetch_count = 0  # noqa: SLF001 -- there is no public way; tests hold it
            consumer._subscription._last_fetch_ended = time.monotonic()  # noqa: SLF001 -- the same
        return fetched

    async def _listen(self, reading: Reading | None, waited: float) -> None:
        """Count how long polls have waited without an answer: the driver retries by itself and does not tell."""
        last_answer = reading.last_answer() if reading is not None else None
        if reading is not None and (last_answer is None or last_answer != self._last_answer):
            self._last_answer, self._silence = last_answer, 0.0
            return
        self._silence += waited
        if self._silence > 2 * self._join_seconds:
            await self.stop()
        if self._silence > (_ANSWER_SECONDS if reading is not None else 2 * self._join_seconds):
            raise LogUnavailable(f"Kafka at {self._servers} has not answered for {self._silence:.0f} s")


async def _stay(consumer: AIOKafkaConsumer) -> None:
    while True:
        with suppress(KafkaError):  # the next poll meets it again, and tells it
            await consumer.getmany(_NO_PARTITION, timeout_ms=0)
        await asyncio.sleep(1)
