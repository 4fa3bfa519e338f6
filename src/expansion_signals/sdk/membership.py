"""A subscriber's membership in its group: which partitions it has, and as what the broker knows it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka import ConsumerRebalanceListener

from expansion_signals.errors import RejectedState
from expansion_signals.sdk.clients import open_consumer
from expansion_signals.sdk.failures import kafka_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_CLOSE_MS = 3_000
_ANSWER_MS = 5_000
_JOIN_SECONDS = 1.0
_FENCING = (2, 5)

log = logging.getLogger(__name__)


class Taken(NamedTuple):
    """A record, and the assignment under which it was read."""

    assignment: Assignment
    record: Any


class Assignment:
    """What the group gave once. `member` is how the broker knew us then: group, generation and member id.

    A late `done()` shows this one, never the present one: after a rebalance the present one would be let through, and
    that of a member which was expelled has no generation, which the broker does not check at all.
    """

    def __init__(self, member: Any) -> None:  # noqa: ANN401 -- kafka-python has no types
        self.member = member


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads `topics` as a member of `group`, both with the deployment's prefix.

    The group is rejoined in `poll` only: a member that does not poll lets the others wait. A group that has committed
    nothing begins at the beginning.

    `before_revocation` is called when the group takes everything back, while what is done can still be committed: by
    kafka-python's thread, in the middle of a poll. As long as it takes, the group waits, and no heartbeat is sent.
    """

    def __init__(
        self,
        servers: str,
        topics: Collection[str],
        group: str,
        options: Mapping[str, Any],
        session_timeout_seconds: float,
    ) -> None:
        self._servers = servers
        self._topics = tuple(topics)
        self._options = {
            **options,
            "group_id": group,
            "auto_offset_reset": "earliest",
            # Offsets of a transaction that is not decided are waited for, not passed over (KIP-447).
            "isolation_level": "read_committed",
            "session_timeout_ms": int(session_timeout_seconds * 1000),
            "heartbeat_interval_ms": int(session_timeout_seconds * 1000 / 4),
        }
        self._consumer: Any = None
        self._needed = set(topics)
        self.before_revocation: Callable[[], None] = _nothing
        self.assignment: Assignment | None = None
        self._settled: Assignment | None = None

    def poll(self, seconds: float, most: int) -> Sequence[Taken]:
        """Return the next records, at most so many; none if there were none for so long.

        With `most` 0 it does no more than stay a member. Between two assignments it waits longer: a poll that ends
        before the group is joined begins anew.

        Raises:
            LogUnavailable: the broker does not answer; polling again is right.
            RejectedState: topics are missing, or the broker refuses us.
        """
        with kafka_failures(self._servers):
            consumer = self._connected()
            if most == 0:
                consumer.pause(*consumer.assignment())
            wait = seconds if self.assignment else max(seconds, _JOIN_SECONDS)
            fetched = consumer.poll(timeout_ms=int(wait * 1000), max_records=max(most, 1))
            consumer.resume(*consumer.paused())
            if self.assignment is not self._settled:
                self._go_back(consumer)
                self._settled = self.assignment
                return ()
        assignment = self.assignment
        if assignment is None:
            return ()
        return [Taken(assignment, record) for records in fetched.values() for record in records]

    def require(self, topic: str) -> None:
        """Refuse to go on without this topic as well, which has the deployment's prefix."""
        if topic not in self._needed:
            self._needed.add(topic)
            self.leave()  # looked at when it joins

    def leave(self) -> None:
        """Leave the group, if we are still in it; the next poll joins it anew."""
        consumer, self._consumer, self.assignment = self._consumer, None, None
        if consumer is not None:
            consumer.close(timeout_ms=_CLOSE_MS)

    def on_partitions_revoked(self, revoked: Collection[Any]) -> None:  # noqa: ARG002 -- eager: it is all
        """Note that the group takes everything back; called by kafka-python's thread, in the middle of a poll."""
        if self.assignment is not None:  # not once we left by ourselves
            self.before_revocation()
        self.assignment = None

    def on_partitions_lost(self, lost: Collection[Any]) -> None:  # noqa: ARG002 -- eager: it is all
        """Note that the group has moved on without us: nothing can be committed any more."""
        self.assignment = None

    def on_partitions_assigned(self, assigned: Collection[Any]) -> None:  # noqa: ARG002 -- polls tell them
        """Note what the group gives; called by kafka-python's thread, in the middle of a poll."""
        member = self._consumer.group_metadata()
        self.assignment = Assignment(member) if member.generation_id >= 0 and member.member_id else None

    def _go_back(self, consumer: Any) -> None:  # noqa: ANN401 -- kafka-python has no types
        """Read from where the group is: of partitions that were ours before, kafka-python goes on where it was."""
        for partition in consumer.assignment():
            committed = consumer.committed(partition, timeout_ms=_ANSWER_MS)
            if committed is None:
                consumer.seek_to_beginning(partition)
            else:
                consumer.seek(partition, committed)

    def _connected(self) -> Any:  # noqa: ANN401 -- kafka-python has no types
        if self._consumer is None:
            consumer = open_consumer(**self._options)
            try:
                # Before it looks at the topics: a subscription that it has not looked at makes it join twice.
                consumer.subscribe(topics=self._topics, listener=self)
                self._refuse_missing(consumer.topics())
            except BaseException:
                consumer.close(timeout_ms=_CLOSE_MS)
                raise
            if consumer.config["api_version"] < _FENCING:
                log.warning("%s is older than Kafka 2.5: a late done() is not refused", self._servers)
            self._consumer = consumer
        return self._consumer

    def _refuse_missing(self, there: Collection[str]) -> None:
        missing = sorted(self._needed.difference(there))
        if missing:
            raise RejectedState(
                f"Kafka at {self._servers} has no topic {', '.join(missing)}; run `expansion-signals topics create`"
            )


def _nothing() -> None:
    pass
