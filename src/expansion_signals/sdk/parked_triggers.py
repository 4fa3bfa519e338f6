"""What a group has parked: to be looked at, and handed out again once what was wrong is mended."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from expansion_signals.sdk import parking, recollection
from expansion_signals.sdk.parked_records import ParkedRecords
from expansion_signals.sdk.recollection import remembered
from expansion_signals.sdk.transactions import Transactions, Write
from expansion_signals.sdk.triggers import TriggerData, UnreadableError, moment, read
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from types import TracebackType

    from expansion_signals.security import KafkaSecurity

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
    release: Callable[[], bool] = field(repr=False)

    def hand_out_again(self) -> bool:
        """Put it back on its topic, where its group gets it as if for the first time; others have done it, or not.

        In one transaction it is taken off the parking topic, and out of the memory of the group. Where it does not lie
        there any more, or was parked anew, nothing is done, and this is false.

        Raises:
            LogUnavailable: Kafka does not answer; the same again is right, for it is done once.
            RejectedState: the broker refuses us; it needs the right to write to the trigger's topic.
        """
        return self.release()


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
        self._prefix = prefix
        self._group = None if group is None else prefix + group
        self._topic = prefix + parking.TOPIC
        self._memory = prefix + recollection.TOPIC
        options = {
            "bootstrap_servers": servers.split(","),
            "client_id": self._group or self._topic,
            "security": security,
            **(connection or {}),
        }
        self._records = ParkedRecords(servers, self._topic, options)
        self._transactions = Transactions(servers, self._group or self._topic, options)

    def __enter__(self) -> Self:
        """Return this; it connects when it is iterated over."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Disconnect."""
        self._transactions.close()
        self._records.close()

    def __iter__(self) -> Iterator[ParkedTrigger]:
        """Read what is parked now.

        Raises:
            LogUnavailable: Kafka does not answer; the same again is right.
            RejectedState: the topic is missing, or the broker refuses us, or does not let us in.
        """
        records = [
            each
            for each in self._records.records()
            if self._group is None or remembered(each.key, self._group) is not None
        ]
        there = [each for each in map(self._parked, records) if each is not None]
        return iter(sorted(there, key=lambda each: each.parked))

    def _parked(self, record: Any) -> ParkedTrigger | None:  # noqa: ANN401 -- kafka-python has no types
        try:
            event, parked = read(record.value), parking.parked(record)
            _refuse_another(record.key, recollection.memory_key(parked.group, event.id))
        except (UnreadableError, ValueError) as error:
            log.warning("%s partition %d offset %d: %s", self._topic, record.partition, record.offset, error)
            return None
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
            release=lambda: self._release(record, parked),
        )

    def _release(self, record: Any, parked: parking.Parked) -> bool:  # noqa: ANN401 -- kafka-python has no types
        """Take it off, and hand it back where no other replay was first, and nobody has parked it anew."""
        taken_off = Write(self._topic, record.key, None, partition=record.partition)
        handed_back = (
            Write(self._memory, record.key, None),
            Write(parked.topic, parked.key, record.value, parking.foreign_headers(record), parked.partition),
        )
        is_done = self._transactions.commit_if(taken_off, handed_back, lambda at: self._records.is_last(record, at))
        if is_done:
            self._records.take_off(record)
        return is_done


def _refuse_another(key: bytes | None, own: bytes) -> None:
    """Refuse a key that is not of the group and the trigger told: what is handed out again would stay another's."""
    if key != own:
        raise ValueError("the key is not that of its group and its id")
