"""The subscriber: hands out triggers one by one, and never again once they are done (semantics 9.3)."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from expansion_signals.errors import RejectedSettings, TriggerTaken
from expansion_signals.model.instants import HOUR
from expansion_signals.sdk import recollection
from expansion_signals.sdk.membership import Assignment, Membership, Taken
from expansion_signals.sdk.memory import Memory
from expansion_signals.sdk.patience import in_place
from expansion_signals.sdk.progress import Progress
from expansion_signals.sdk.transactions import OvertakenError, Transactions
from expansion_signals.sdk.triggers import Event, Trigger, UnreadableError, handed_out, read
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from expansion_signals.model.instants import Instant
    from expansion_signals.security import KafkaSecurity

DropReason: TypeAlias = Literal["done", "duplicate", "expired", "unreadable", "withdrawal"]
"""Why a record was not handed out: `done` by the group before; handed out already and not done, so a `duplicate`;
past its `expirytime`; no trigger; or a withdrawal that nobody asked for."""

_WITHDRAWN = "trigger.withdrawn"
_POLL_SECONDS = 1.0
_FORGOTTEN_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class _Pending:
    """A trigger that somebody has, and where its record stands."""

    event: Event
    taken: Taken
    done: bool = field(default=False)


class Subscriber:
    """Follows topics of triggers as a member of `group`; an iterator that never ends by itself.

    `servers` is `host:port`, several separated by commas; `prefix` is the deployment's, put before `group`, `topics`
    and the topic of the memory. A group that is new begins with the oldest trigger that has not expired.

    Going on to the next trigger does not say that the last one is done: it stays open, the offset does not pass it, and
    it is handed out again after a restart or a rebalance. While Kafka is away, iterating and `done()` wait. Who does
    not ask for the next trigger within 5 minutes is expelled from the group; others take over.

    What is not handed out is counted in `dropped`, by reason, and what is no trigger is logged as well. `clock` tells
    the time by which triggers expire. `security` is how it connects: TLS, a login. `connection` are further settings of
    the connection, as kafka-python names them. All calls come from one thread. Fencing needs Kafka 2.5 or newer.

    Raises:
        RejectedSettings: a name is empty or has a control character in it, or there is no topic.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the deployment
        self,
        servers: str,
        group: str,
        topics: Collection[str],
        *,
        prefix: str = "",
        withdrawals: bool = False,
        clock: Callable[[], datetime] = _utc_now,
        session_timeout_seconds: float = 10,
        security: KafkaSecurity = PLAINTEXT,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        names = () if isinstance(topics, str) or not topics else (group, *topics)
        if not names or not all(name and (prefix + name).isprintable() for name in names):
            raise RejectedSettings(
                f"Subscriber: expected a group and a list of topics, got group={group!r}, topics={topics!r}"
            )
        self._group = prefix + group
        self._topics = {prefix + topic: topic for topic in topics}
        self._withdrawals = withdrawals
        self._clock = clock
        options = {
            "bootstrap_servers": servers.split(","),
            "client_id": self._group,
            "security": security,
            **(connection or {}),
        }
        memory = prefix + recollection.TOPIC
        self._membership = Membership(servers, self._topics, self._group, options, session_timeout_seconds)
        self._memory = Memory(servers, memory, self._group, options)
        self._transactions = Transactions(servers, memory, self._group, options)
        self._assignment: Assignment | None = None
        self._progress = Progress()
        self._open: dict[str, _Pending] = {}
        self._unjudged: Taken | None = None
        self._forgot_in_hour = -1
        self._closed = False
        self.dropped: Counter[DropReason] = Counter()

    def __enter__(self) -> Self:
        """Return this subscriber; it connects when it is first asked for a trigger."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def __iter__(self) -> Self:
        """Return this subscriber."""
        return self

    def __next__(self) -> Trigger:
        """Return the next trigger, however long it takes; ends only where the subscriber is closed.

        Raises:
            RejectedState: a topic is missing, or the broker refuses us, or does not let us in.
        """
        while not self._closed:
            trigger = in_place(self._step)
            if trigger is not None:
                return trigger
        raise StopIteration

    def close(self) -> None:
        """Leave the group, so that others take over at once what is open; a second call does nothing."""
        self._closed, self._assignment = True, None
        self._transactions.close()
        self._membership.leave()
        self._memory.close()

    def _step(self) -> Trigger | None:
        taken = self._unjudged or self._membership.poll(_POLL_SECONDS)
        if self._membership.assignment is not self._assignment:
            self._assignment = self._membership.assignment
            self._progress = Progress()
            self._open.clear()
        # Kept until it is judged: if Kafka fails in between, it would not come again.
        self._unjudged = taken
        if taken is None:
            self._rest()
            return None
        trigger = self._judged(taken)
        self._unjudged = None
        return trigger

    def _judged(self, taken: Taken) -> Trigger | None:
        place, offset = _place(taken)
        event = _readable(taken)
        reason = self._reason_to_drop(event)
        self._progress.take(place, offset, keep=reason is None)
        if event is None or reason is not None:
            self.dropped[reason or "unreadable"] += 1
            return None
        pending = self._open[event.id] = _Pending(event, taken)
        return handed_out(event, self._topics[place[0]], lambda: self._finish(pending))

    def _reason_to_drop(self, event: Event | None) -> DropReason | None:
        if event is None:
            return "unreadable"
        if event.type == _WITHDRAWN and not self._withdrawals:
            return "withdrawal"
        if event.expires <= self._now():
            return "expired"
        if event.id in self._open:
            return "duplicate"
        return "done" if self._memory.holds(event.id) else None

    def _finish(self, pending: _Pending) -> None:
        if not pending.done:
            in_place(lambda: self._commit(pending))
            pending.done = True

    def _commit(self, pending: _Pending) -> None:
        event, (assignment, _) = pending.event, pending.taken
        place, offset = _place(pending.taken)
        # After a rebalance it has been handed out again, perhaps here: this `done()` is of the time before.
        if assignment is not self._assignment:
            raise self._taken(event)
        memory = {recollection.memory_key(self._group, event.id): recollection.memory_value(event.expires)}
        try:
            self._transactions.commit(memory, {place: self._progress.after(place, offset)}, assignment.member)
        except OvertakenError:
            self._overtaken()
            raise self._taken(event) from None
        self._progress.finish(place, offset)
        self._memory.done.remember(event.id, event.expires)
        del self._open[event.id]

    def _rest(self) -> None:
        """Commit what was passed without a `done()`, and have forgotten what is past its time, once an hour."""
        assignment, now = self._assignment, self._now()
        if assignment is None:
            return
        offsets = self._progress.uncommitted()
        if offsets:
            try:
                self._transactions.commit({}, offsets, assignment.member)
            except OvertakenError:
                self._overtaken()
                return
            self._progress.commit(offsets)
        if now // HOUR != self._forgot_in_hour:
            forgotten = [recollection.memory_key(self._group, each) for each in self._memory.done.forget(now)]
            for first in range(0, len(forgotten), _FORGOTTEN_AT_ONCE):
                self._transactions.commit(dict.fromkeys(forgotten[first : first + _FORGOTTEN_AT_ONCE]), {}, None)
            self._forgot_in_hour = now // HOUR

    def _overtaken(self) -> None:
        # Joined anew, not merely polled: until kafka-python learns of it, it would go on handing out what it had read.
        self._membership.leave()
        self._assignment = None

    def _taken(self, event: Event) -> TriggerTaken:
        return TriggerTaken(
            f"trigger {event.id} is no longer this subscriber's: group {self._group} was shared out anew before "
            "done(); it is handed out again where it belongs now"
        )

    def _now(self) -> Instant:
        return (self._clock() - _EPOCH) // _MICROSECOND


def _readable(taken: Taken) -> Event | None:
    try:
        return read(taken.record.value)
    except UnreadableError as error:
        (topic, partition), offset = _place(taken)
        log.warning("%s partition %d offset %d is no trigger: %s", topic, partition, offset, error)
        return None


def _place(taken: Taken) -> tuple[tuple[str, int], int]:
    record = taken.record
    return (record.topic, record.partition), record.offset
