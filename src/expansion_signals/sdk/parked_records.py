"""What lies on the parking topic: of each key the last record, read on from where reading came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka import TopicPartition

from expansion_signals.sdk.clients import open_consumer
from expansion_signals.sdk.failures import kafka_failures
from expansion_signals.sdk.whole_topic import ends, partitions_of, read_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CLOSE_MS = 1_000
_FETCH_WAIT_MS = 5
"""As for the memory: a broker that is asked for the end first sits out a fetch that finds nothing."""


class ParkedRecords:
    """Follows the parking topic, which has the deployment's prefix, as far as it is decided."""

    def __init__(self, servers: str, topic: str, options: Mapping[str, Any]) -> None:
        self._servers = servers
        self._topic = topic
        self._options = {
            **options,
            "auto_offset_reset": "earliest",
            "isolation_level": "read_committed",
            "fetch_max_wait_ms": _FETCH_WAIT_MS,
        }
        self._consumer: Any = None
        self._partitions: tuple[TopicPartition, ...] = ()
        self._records: dict[bytes, Any] = {}
        self._last: dict[tuple[int, bytes], int] = {}

    def records(self) -> Sequence[Any]:
        """Return the record of each key that lies there now.

        Raises:
            LogUnavailable: Kafka does not answer; the same again is right.
            RejectedState: the topic is missing, or the broker refuses us, or does not let us in.
        """
        with kafka_failures(self._servers):
            self._connect()
            read_to(ends(self._consumer, self._partitions), self._consumer, self._take)
        return [*self._records.values()]

    def is_last(self, record: Any, before: int) -> bool:  # noqa: ANN401 -- kafka-python has no types
        """Say whether none of its key stands behind a record, before this offset of its partition.

        Raises what `records` raises; LogUnavailable also where a transaction before the offset is not decided.
        """
        with kafka_failures(self._servers):
            self._connect()
            end = {TopicPartition(self._topic, record.partition): before}
            # The broker of `dev` shows what is not committed yet: what stands at the offset is the caller's own.
            own = record.partition, before
            read_to(end, self._consumer, lambda fetched: self._take(fetched, own))
        return bool(self._last.get((record.partition, record.key)) == record.offset)

    def take_off(self, record: Any) -> None:  # noqa: ANN401 -- kafka-python has no types
        """Take note that it was taken off: the broker shows what is committed a little later."""
        self._records.pop(record.key, None)
        self._last.pop((record.partition, record.key), None)

    def close(self) -> None:
        """Disconnect; all of it is read anew when it is asked again."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(timeout_ms=_CLOSE_MS)

    def _connect(self) -> None:
        if self._consumer is not None:
            if len(self._consumer.partitions_for_topic(self._topic) or ()) == len(self._partitions):
                return
            self.close()  # partitions were added
        self._records.clear()
        self._last.clear()
        consumer = open_consumer(**self._options)
        try:
            self._partitions = partitions_of(consumer, self._topic, self._servers)
            consumer.assign(self._partitions)
        except BaseException:
            consumer.close(timeout_ms=_CLOSE_MS)
            raise
        self._consumer = consumer

    def _take(self, fetched: Mapping[TopicPartition, Any], own: tuple[int, int] | None = None) -> None:
        for record in (each for batch in fetched.values() for each in batch):
            if (record.partition, record.offset) == own:
                continue
            self._last[record.partition, record.key] = record.offset
            if record.value is None:
                self._records.pop(record.key, None)
            else:
                self._records[record.key] = record
