"""The memory of a group, read from its topic: up to date whenever it is asked (semantics 9.3)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition

from expansion_signals.errors import LogUnavailable, RejectedState
from expansion_signals.sdk.clients import open_consumer
from expansion_signals.sdk.failures import kafka_failures
from expansion_signals.sdk.recollection import Recollection, remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_POLL_MS = 100
_STANDSTILL_SECONDS = 1.0
"""So long without a record, and reading is told to wait for something."""

_ANSWER_MS = 5_000
_CLOSE_MS = 1_000


class Memory:
    """Knows which triggers `group` has done; `topic` has the deployment's prefix.

    It follows the topic twice. What is committed says what is done. What is written, decided or not, says where that
    is not yet known: only an id that stands there waits until its transaction is decided, so that a subscriber which
    died in the middle of one, perhaps of another group, delays nothing else.
    """

    def __init__(self, servers: str, topic: str, group: str, options: Mapping[str, Any]) -> None:
        self._servers = servers
        self._topic = topic
        self._group = group
        self._options = {**options, "auto_offset_reset": "earliest"}
        self._committed: Any = None
        self._written: Any = None
        self._partitions: tuple[TopicPartition, ...] = ()
        self._undecided: set[str] = set()
        self.done = Recollection()

    def holds(self, trigger: str) -> bool:
        """Say whether this id was done, by any member of the group, before this was asked.

        Raises:
            LogUnavailable: the broker does not answer, or a transaction with this id is not decided: ask again.
            RejectedState: the topic is missing, or the broker refuses us.
        """
        if trigger in self.done:
            return True
        with kafka_failures(self._servers):
            self._connect()
            self._read_to(self._written, self._written.end_offsets(self._partitions, timeout_ms=_ANSWER_MS))
            self._take_committed()
            if trigger in self._undecided:
                self._read_to(self._committed, self._positions(self._written))
                self._undecided.clear()
        return trigger in self.done

    def close(self) -> None:
        """Disconnect; what is known stays."""
        for consumer in (self._committed, self._written):
            if consumer is not None:
                consumer.close(timeout_ms=_CLOSE_MS)
        self._committed = self._written = None

    def _connect(self) -> None:
        if self._written is not None and len(self._written.partitions_for_topic(self._topic)) == len(self._partitions):
            return
        self.close()  # the first time, or partitions were added
        committed = open_consumer(**self._options, isolation_level="read_committed")
        try:
            self._partitions = self._found(committed)
            committed.assign(self._partitions)
            self._read_to(committed, committed.end_offsets(self._partitions, timeout_ms=_ANSWER_MS))
            written = open_consumer(**self._options, isolation_level="read_uncommitted")
        except BaseException:
            committed.close(timeout_ms=_CLOSE_MS)
            raise
        written.assign(self._partitions)
        for partition, position in self._positions(committed).items():
            written.seek(partition, position)
        self._committed, self._written = committed, written

    def _found(self, consumer: Any) -> tuple[TopicPartition, ...]:  # noqa: ANN401 -- kafka-python has no types
        numbers = consumer.partitions_for_topic(self._topic)
        if not numbers:
            raise RejectedState(
                f"Kafka at {self._servers} has no topic {self._topic}; run `expansion-signals topics create`"
            )
        return tuple(TopicPartition(self._topic, number) for number in sorted(numbers))

    def _take_committed(self) -> None:
        if not self._undecided:
            return
        while self._apply(self._committed, 0):
            pass
        reached = self._positions(self._committed)
        if all(reached[partition] >= position for partition, position in self._positions(self._written).items()):
            self._undecided.clear()

    def _read_to(self, consumer: Any, ends: Mapping[TopicPartition, int]) -> None:  # noqa: ANN401 -- kafka-python has no types
        positions, moved = self._positions(consumer), time.monotonic()
        while any(positions[partition] < end for partition, end in ends.items()):
            self._apply(consumer, _POLL_MS)
            before, positions = positions, self._positions(consumer)
            if positions != before:
                moved = time.monotonic()
            elif time.monotonic() - moved > _STANDSTILL_SECONDS:
                raise LogUnavailable(f"{self._topic} at {self._servers}: a transaction there is not decided yet")

    def _positions(self, consumer: Any) -> dict[TopicPartition, int]:  # noqa: ANN401 -- kafka-python has no types
        return {each: consumer.position(each, timeout_ms=_ANSWER_MS) or 0 for each in self._partitions}

    def _apply(self, consumer: Any, timeout_ms: int) -> bool:  # noqa: ANN401 -- kafka-python has no types
        fetched = consumer.poll(timeout_ms=timeout_ms)
        for trigger, value in self._own(fetched):
            if consumer is not self._written:
                self.done.learn(trigger, value)
            elif trigger not in self.done:
                self._undecided.add(trigger)
        return bool(fetched)

    def _own(self, fetched: Mapping[TopicPartition, Any]) -> Iterator[tuple[str, bytes | None]]:
        for batch in fetched.values():
            for record in batch:
                trigger = remembered(record.key, self._group)
                if trigger is not None:
                    yield trigger, record.value
