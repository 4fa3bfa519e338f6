"""What a group has parked: to be looked at, and handed out again once what was wrong is mended."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from expansion_signals.sdk import parking, recollection
from expansion_signals.sdk.clients import open_consumer
from expansion_signals.sdk.failures import kafka_failures
from expansion_signals.sdk.recollection import remembered
from expansion_signals.sdk.transactions import Transactions, Write
from expansion_signals.sdk.triggers import TriggerData, UnreadableError, moment, read
from expansion_signals.sdk.whole_topic import ends, partitions_of, read_to
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from types import TracebackType

    from expansion_signals.security import KafkaSecurity

_CLOSE_MS = 1_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class ParkedTrigger:
    """A trigger that a group gave up: `reason` says why, `attempts` how often it was tried.

    `first_failed` and `parked` say when, both in UTC; `topic` is where it stood, with the deployment's prefix; `value`
    is the whole event as it stood there.
    """

    id: str
    type: str
    account: str
    expires: datetime
    data: TriggerData
    group: str
    topic: str
    reason: str
    attempts: int
    first_failed: datetime
    parked: datetime
    value: bytes = field(repr=False)
    release: Callable[[], None] = field(repr=False)

    def hand_out_again(self) -> None:
        """Put it back on its topic, where its group gets it as if for the first time; others have done it, or not.

        In one transaction it is taken off the parking topic, and out of the memory of the group.

        Raises:
            LogUnavailable: Kafka does not answer; the same again is right.
            RejectedState: the broker refuses us; it needs the right to write to the trigger's topic.
        """
        self.release()


class Parking:
    """The triggers that `group` has parked, those of now, the first that was parked first; iterates anew each time.

    Without `group` those of every group. `servers`, `prefix`, `security` and `connection` are those of the group's
    `Subscriber`.
    """

    def __init__(
        self,
        servers: str,
        group: str | None = None,
        *,
        prefix: str = "",
        security: KafkaSecurity = PLAINTEXT,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        self._servers = servers
        self._prefix = prefix
        self._group = None if group is None else prefix + group
        self._topic = prefix + parking.TOPIC
        self._memory = prefix + recollection.TOPIC
        self._options = {
            "bootstrap_servers": servers.split(","),
            "client_id": self._group or self._topic,
            "security": security,
            **(connection or {}),
        }
        self._transactions = Transactions(servers, self._group or self._topic, self._options)

    def __enter__(self) -> Self:
        """Return this; it connects when it is iterated over."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Disconnect."""
        self._transactions.close()

    def __iter__(self) -> Iterator[ParkedTrigger]:
        """Read what is parked now.

        Raises:
            LogUnavailable: Kafka does not answer; the same again is right.
            RejectedState: the topic is missing, or the broker refuses us, or does not let us in.
        """
        there = [each for each in map(self._parked, self._records().values()) if each is not None]
        return iter(sorted(there, key=lambda each: each.parked))

    def _records(self) -> Mapping[bytes, Any]:
        """Return the record of each trigger that is parked, by its key."""
        lying: dict[bytes, Any] = {}

        def take(fetched: Mapping[Any, Any]) -> None:
            for record in (each for batch in fetched.values() for each in batch):
                if self._group is not None and remembered(record.key, self._group) is None:
                    continue
                if record.value is None:
                    lying.pop(record.key, None)
                else:
                    lying[record.key] = record

        with kafka_failures(self._servers):
            consumer = open_consumer(**self._options, auto_offset_reset="earliest", isolation_level="read_committed")
            try:
                partitions = partitions_of(consumer, self._topic, self._servers)
                consumer.assign(partitions)
                read_to(ends(consumer, partitions), consumer, take)
            finally:
                consumer.close(timeout_ms=_CLOSE_MS)
        return lying

    def _parked(self, record: Any) -> ParkedTrigger | None:  # noqa: ANN401 -- kafka-python has no types
        try:
            event, parked = read(record.value), parking.parked(record)
            _refuse_another(record.key, recollection.memory_key(parked.group, event.id))
        except (UnreadableError, ValueError) as error:
            log.warning("%s partition %d offset %d: %s", self._topic, record.partition, record.offset, error)
            return None
        headers = parking.foreign_headers(record)
        release = (
            Write(self._memory, record.key, None),
            Write(self._topic, record.key, None),
            Write(parked.topic, parked.key, record.value, headers, parked.partition),
        )
        return ParkedTrigger(
            id=event.id,
            type=event.type,
            account=event.account,
            expires=moment(event.expires),
            data=TriggerData(event.data),
            group=parked.group.removeprefix(self._prefix),
            topic=parked.topic,
            reason=parked.failure.reason,
            attempts=parked.failure.attempts,
            first_failed=moment(parked.failure.first),
            parked=moment(parked.failure.last),
            value=record.value,
            release=lambda: self._transactions.commit(release, {}, None),
        )


def _refuse_another(key: bytes | None, own: bytes) -> None:
    """Refuse a key that is not of the group and the trigger told: what is handed out again would stay another's."""
    if key != own:
        raise ValueError("the key is not that of its group and its id")
