"""The publisher: writes to the log and knows that every record is acknowledged, or that not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from expansion_signals.errors import LogUnavailable
from expansion_signals.log.connecting import connecting
from expansion_signals.log.failures import kafka_failures
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.records import Outgoing
    from expansion_signals.security import KafkaSecurity

_REQUEST_BYTES = 9 * 1024 * 1024
"""A dead letter takes twice the bytes of its source (semantics 10.1), which are 4 MiB at most."""

_BATCH_BYTES = 128 * 1024
"""Records of one partition sent together; brokers limit the batch, not the record, so it stays well below that."""

_STOP_SECONDS = 1

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class LogPublisher:
    """Publishes under the deployment's `prefix`, acknowledged by all replicas in sync (ports.Publisher).

    A key goes to the partition that Java clients would choose (murmur2). `idempotent` keeps the driver's own retries
    from doubling records; an embedded broker may not know it. After any failure the next call begins with a new
    connection: a batch that failed leaves a hole in the sequence numbers, and the broker would refuse all after it.
    Several tasks may publish at once; where one fails, those beside it fail with it, and nobody waits for nothing.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the deployment
        self,
        servers: str,
        *,
        prefix: str = "",
        idempotent: bool = True,
        answer_seconds: float = 10,
        linger_seconds: float = 0,
        security: KafkaSecurity = PLAINTEXT,
    ) -> None:
        self._servers = servers
        self._security = security
        self._prefix = prefix
        self._answer_seconds = answer_seconds
        self._options: dict[str, Any] = {
            "bootstrap_servers": servers,
            "enable_idempotence": idempotent,
            "acks": "all",
            "linger_ms": int(linger_seconds * 1000),
            "max_batch_size": _BATCH_BYTES,
            "max_request_size": _REQUEST_BYTES,
            "request_timeout_ms": int(answer_seconds * 1000),
        }
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._awaited: set[asyncio.Future[Any]] = set()

    async def start(self) -> None:
        """Connect; `publish` does so by itself where it is not.

        Raises:
            LogUnavailable: no broker answers.
            RejectedState: the broker refuses this client, or does not let it in.
        """
        await self._started()

    async def stop(self) -> None:
        """Disconnect. What `publish` has returned from is acknowledged."""
        if self._producer is not None:
            await self._give_up(self._producer)

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Publish and wait until every record is acknowledged; return the indexes of those too large for the broker.

        Raises:
            LogUnavailable: not all are acknowledged; publishing the same records again is safe.
            RejectedState: the broker refuses this client.
        """
        failed = await self._send(records)
        if not any(isinstance(error, _TOO_LARGE) for error in failed.values()):
            self._raise_first(failed)
            return []
        # A batch is refused as a whole: one by one it shows which of its records is the large one.
        too_large = []
        for index in sorted(failed):
            refused = await self._send([records[index]])
            if isinstance(refused.get(0), _TOO_LARGE):
                too_large.append(index)
            else:
                self._raise_first(refused)
        return too_large

    async def _send(self, records: Sequence[Outgoing]) -> dict[int, BaseException]:
        """Send in order; return what became of the records that are not acknowledged, by index."""
        producer = await self._started()
        failed: dict[int, BaseException] = {}
        sent: dict[asyncio.Future[Any], int] = {}
        try:
            async with asyncio.timeout(self._answer_seconds):
                for index, record in enumerate(records):
                    try:
                        acknowledgement = await self._enqueued(producer, record)
                    except KafkaError as error:
                        failed[index] = error
                    else:
                        sent[acknowledgement] = index
                        self._awaited.add(acknowledgement)
                        acknowledgement.add_done_callback(self._awaited.discard)
                if sent:
                    await asyncio.wait(sent)
        except TimeoutError:
            for future in sent:
                future.cancel()  # nobody waits for it any more
            await self._give_up(producer)
            raise LogUnavailable(f"Kafka at {self._servers} does not acknowledge") from None
        for future, index in sent.items():
            refusal = _given_up() if future.cancelled() else future.exception()
            if refusal is not None:
                failed[index] = refusal
        if failed:
            await self._give_up(producer)
        return failed

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                self._producer = await self._connected()
            return self._producer

    async def _connected(self) -> AIOKafkaProducer:
        async with connecting(self._servers, self._security):
            producer = AIOKafkaProducer(**self._options, **self._security.options())
            try:
                async with asyncio.timeout(self._answer_seconds):
                    await producer.start()
            except BaseException:
                await _abandon(producer)
                raise
        return producer

    async def _give_up(self, producer: AIOKafkaProducer) -> None:
        """Close it, unless another task has, and may have connected anew."""
        if self._producer is producer:
            self._producer = None
            for acknowledgement in tuple(self._awaited):  # of those beside: nobody would tell them
                acknowledgement.cancel()
            await _abandon(producer)

    async def _enqueued(self, producer: AIOKafkaProducer, record: Outgoing) -> asyncio.Future[Any]:
        acknowledgement: asyncio.Future[Any]
        topic, partition = self._prefix + record.topic, record.partition
        headers = list(record.headers)  # the driver's compiled part takes no other sequence
        if record.key is not None or record.value is not None:
            acknowledgement = await producer.send(
                topic, key=record.key, value=record.value, headers=headers, partition=partition
            )
            return acknowledgement
        # `send` refuses a record without key and value; strangers publish them, and dead letters keep them so.
        batch = producer.create_batch()
        batch.append(key=None, value=None, timestamp=None, headers=headers)
        batch.close()
        if partition is None:
            partition = min(await producer.partitions_for(topic))
        acknowledgement = await producer.send_batch(batch, topic, partition=partition)
        return acknowledgement

    def _raise_first(self, failed: Mapping[int, BaseException]) -> None:
        for error in failed.values():
            with kafka_failures(self._servers):
                raise error


def _given_up() -> KafkaError:
    return KafkaConnectionError("another record was not acknowledged on this connection")


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Close a producer that may have unacknowledged records: by itself it would wait for them without end."""
    sender = producer._sender.sender_task  # noqa: SLF001 -- there is no public way to give records up
    try:
        await _ended(sender)
    finally:
        await _ended(sender)  # told twice, it waits no longer for what is on its way
        producer._message_accumulator._batches.clear()  # noqa: SLF001 -- the same
        producer._message_accumulator._pending_batches.clear()  # noqa: SLF001 -- the same
        await producer.stop()


async def _ended(sender: asyncio.Task[None] | None) -> None:
    """Tell it to end, and wait a while: not for itself, or whoever is cancelled meanwhile would cancel it instead."""
    if sender is not None and not sender.done():
        sender.cancel()
        await asyncio.wait([sender], timeout=_STOP_SECONDS)
