"""The memory of a group, read from its topic: up to date whenever it is asked (semantics 9.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.sdk.clients import open_consumer
from expansion_signals.sdk.failures import kafka_failures
from expansion_signals.sdk.recollection import Recollection, remembered
from expansion_signals.sdk.whole_topic import ends, partitions_of, positions, read_to

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from kafka import TopicPartition

    from expansion_signals.model.instants import Instant

_CLOSE_MS = 1_000
_FETCH_WAIT_MS = 5
"""A broker answers a connection in order: asked where the topic ends, it first sits out a fetch that finds nothing, by
default for 500 ms."""


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
        self._options = {**options, "auto_offset_reset": "earliest", "fetch_max_wait_ms": _FETCH_WAIT_MS}
        self._committed: Any = None
        self._written: Any = None
        self._partitions: tuple[TopicPartition, ...] = ()
        self._undecided: set[str] = set()
        self._done = Recollection()

    def done_of(self, triggers: Collection[str]) -> set[str]:
        """Return which of these ids were done, by any member of the group, before this was asked.

        It is read to its end each time, also for an id that was done once: what was parked may have been handed back.

        Raises:
            LogUnavailable: the broker does not answer, or a transaction with one of them is not decided: ask again.
            RejectedState: the topic is missing, or the broker refuses us.
        """
        with kafka_failures(self._servers):
            self._connect()
            read_to(ends(self._written, self._partitions), self._written, self._see_written)
            self._take_committed()
            if not self._undecided.isdisjoint(triggers):
                read_to(positions(self._written, self._partitions), self._committed, self._learn_committed)
                self._undecided.clear()
        return {each for each in triggers if each in self._done}

    def forget(self, now: Instant) -> Sequence[str]:
        """Forget what is past its time, of all that is decided, and return it; raises what `done_of` raises."""
        with kafka_failures(self._servers):
            self._connect()
            read_to(ends(self._committed, self._partitions), self._committed, self._learn_committed)
        return self._done.forget(now)

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
            self._partitions = partitions_of(committed, self._topic, self._servers)
            committed.assign(self._partitions)
            read_to(ends(committed, self._partitions), committed, self._learn_committed)
            written = open_consumer(**self._options, isolation_level="read_uncommitted")
        except BaseException:
            committed.close(timeout_ms=_CLOSE_MS)
            raise
        written.assign(self._partitions)
        for partition, position in positions(committed, self._partitions).items():
            written.seek(partition, position)
        self._committed, self._written = committed, written

    def _take_committed(self) -> None:
        if not self._undecided:
            return
        while fetched := self._committed.poll(timeout_ms=0):
            self._learn_committed(fetched)
        reached = positions(self._committed, self._partitions)
        if all(reached[each] >= position for each, position in positions(self._written, self._partitions).items()):
            self._undecided.clear()

    def _learn_committed(self, fetched: Mapping[TopicPartition, Any]) -> None:
        for trigger, value in self._own(fetched):
            self._done.learn(trigger, value)

    def _see_written(self, fetched: Mapping[TopicPartition, Any]) -> None:
        self._undecided.update(trigger for trigger, _ in self._own(fetched))

    def _own(self, fetched: Mapping[TopicPartition, Any]) -> Iterator[tuple[str, bytes | None]]:
        for batch in fetched.values():
            for record in batch:
                trigger = remembered(record.key, self._group)
                if trigger is not None:
                    yield trigger, record.value
