"""Transactions that write records and a group's offsets together, or not at all (semantics 9.3)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka import OffsetAndMetadata, TopicPartition, errors

from expansion_signals.errors import LogUnavailable
from expansion_signals.sdk.clients import close_at_once, open_producer
from expansion_signals.sdk.failures import kafka_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from expansion_signals.sdk.progress import Partition

_TIMEOUT_MS = 5_000
"""After so long the broker aborts a transaction whose subscriber died in the middle of it."""

_ANSWER_SECONDS = 10
_LARGEST_REQUEST = 4 * 1024 * 1024
"""In bytes: what is parked is larger than the trigger that it was, and the broker says what it takes."""


class Write(NamedTuple):
    """A record to write; `topic` has the deployment's prefix.

    Without `partition`, or where the topic has it no more, the key says where it goes.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


class OvertakenError(Exception):
    """The group has moved on: the broker knows this member and generation no more."""


class Transactions:
    """Writes records, and commits offsets as the member that is given; one call at a time, from any thread.

    After any failure the next transaction begins with a new producer of the same name, which first ends what the last
    one left open.
    """

    def __init__(self, servers: str, group: str, options: Mapping[str, Any]) -> None:
        self._servers = servers
        self._options = {
            **options,
            "transactional_id": f"{group}-{uuid.uuid4().hex}",
            "transaction_timeout_ms": _TIMEOUT_MS,
            "max_block_ms": _ANSWER_SECONDS * 1000,
            "request_timeout_ms": 5_000,
            "delivery_timeout_ms": _ANSWER_SECONDS * 1000,
            "max_request_size": _LARGEST_REQUEST,
            # One that begins while the last is still being ended is told to ask again: by default after 100 ms.
            "retry_backoff_ms": 5,
        }
        self._producer: Any = None

    def commit(self, records: Iterable[Write], offsets: Mapping[Partition, int], member: Any) -> None:  # noqa: ANN401 -- kafka-python has no types
        """Write these records, and commit these offsets of the group, if there are any, as this member.

        Raises:
            OvertakenError: the group has moved on; nothing is written.
            LogUnavailable: the broker does not answer, or not in time; the same again is right, written or not.
            RejectedState: the broker refuses us.
        """
        with kafka_failures(self._servers):
            try:
                producer = self._begun()
                # Before the offsets: a batch that fails later would renew the producer's epoch under a commit that is
                # on its way, and kafka-python 3.0 would take that for committed.
                _written(producer, records)
                if offsets:
                    producer.send_offsets_to_transaction(_driver_offsets(offsets), member)
                producer.commit_transaction()
            except errors.CommitFailedError:
                self._abort()
                raise OvertakenError from None
            except BaseException:
                self.close()
                raise

    def commit_if(self, first: Write, records: Iterable[Write], is_right: Callable[[int], bool]) -> bool:
        """Write `first`, then the others where this says so of the offset that it got; else nothing. Say which.

        Of two transactions that write to one place, one comes to stand behind the other, so it can wait and look.
        Raises what `commit` raises, and what `is_right` does.
        """
        with kafka_failures(self._servers):
            try:
                producer = self._begun()
                [offset] = _written(producer, [first])
                if not is_right(offset):
                    self._abort()
                    return False
                _written(producer, records)
                producer.commit_transaction()
            except LogUnavailable:  # told by `is_right`
                self._abort()
                raise
            except BaseException:
                self.close()
                raise
        return True

    def close(self) -> None:
        """Disconnect without waiting; no transaction is open between two calls."""
        producer, self._producer = self._producer, None
        if producer is not None:
            close_at_once(producer, _ANSWER_SECONDS)

    def _begun(self) -> Any:  # noqa: ANN401 -- kafka-python has no types
        if self._producer is None:
            self._producer = open_producer(**self._options)
            self._producer.init_transactions()
        self._producer.begin_transaction()
        return self._producer

    def _abort(self) -> None:
        # At once, not when the next one begins: until then others wait for how this one ends.
        try:
            self._producer.abort_transaction()
        except errors.KafkaError:
            self.close()


def _written(producer: Any, records: Iterable[Write]) -> list[int]:  # noqa: ANN401 -- kafka-python has no types
    """Write these, and return their offsets once the broker has them."""
    sent = [
        producer.send(each.topic, each.value, each.key, list(each.headers), _there(producer, each)) for each in records
    ]
    return [each.get(timeout=_ANSWER_SECONDS).offset for each in sent]


def _there(producer: Any, write: Write) -> int | None:  # noqa: ANN401 -- kafka-python has no types
    """Return the partition asked for; None where the topic, made anew with fewer, has it no more."""
    if write.partition is None or write.partition in producer.partitions_for(write.topic):
        return write.partition
    return None


def _driver_offsets(offsets: Mapping[Partition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition(*partition): OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()}
