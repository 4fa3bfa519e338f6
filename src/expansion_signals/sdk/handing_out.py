"""What of a group's topics is handed out, and what is done with it: never again once it is done (semantics 9.3)."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from expansion_signals.errors import TriggerTaken
from expansion_signals.model.instants import HOUR
from expansion_signals.sdk import parking, recollection
from expansion_signals.sdk.progress import Progress
from expansion_signals.sdk.transactions import OvertakenError, Write
from expansion_signals.sdk.triggers import Event, UnreadableError, read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.sdk.membership import Assignment, Membership, Taken
    from expansion_signals.sdk.memory import Memory
    from expansion_signals.sdk.parking import Failure
    from expansion_signals.sdk.progress import Partition, Place
    from expansion_signals.sdk.transactions import Transactions

DropReason: TypeAlias = Literal["done", "duplicate", "expired", "unreadable", "withdrawal"]
"""Why a record was not handed out: `done` by the group before; handed out already and not done, so a `duplicate`;
past its `expirytime`; no trigger; or a withdrawal that nobody asked for."""

_WITHDRAWN = "trigger.withdrawn"
_DELETED_AT_ONCE = 500

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Open:
    """A trigger that is neither done nor dropped, and where its record stands; `failure` if it is to be parked."""

    event: Event
    taken: Taken
    failure: Failure | None = field(default=None)
    done: bool = field(default=False)

    @property
    def place(self) -> Place:
        """Where its record stands."""
        return _place(self.taken)


class Batch(NamedTuple):
    """Several that are done in one transaction, and the offsets that it commits."""

    assignment: Assignment
    done: Sequence[Open]
    offsets: Mapping[Partition, int]
    writes: Sequence[Write]


class HandingOut:
    """Takes triggers for `group` and remembers those that are done; `prefix` is before `group` already.

    All calls come from one thread, but for `write`.
    """

    def __init__(  # noqa: PLR0913 -- what it stands on
        self,
        membership: Membership,
        memory: Memory,
        transactions: Transactions,
        group: str,
        *,
        prefix: str,
        withdrawals: bool,
        now: Callable[[], Instant],
    ) -> None:
        self._membership = membership
        self._memory = memory
        self._transactions = transactions
        self._group = group
        self._memory_topic = prefix + recollection.TOPIC
        self._parking_topic = prefix + parking.TOPIC
        self._withdrawals = withdrawals
        self._now = now
        self._assignment: Assignment | None = None
        self._overtaken = False
        self._progress = Progress()
        self._open: dict[str, Open] = {}
        self._forgot_in_hour = -1
        self.dropped: Counter[DropReason] = Counter()

    def __len__(self) -> int:
        """Count what is neither done nor dropped."""
        return len(self._open)

    def take(self, seconds: float, most: int) -> Sequence[Open] | None:
        """Return the next triggers, at most so many, those of a partition in their order; None if nothing came.

        With `most` 0 it does no more than stay a member of its group.

        Raises:
            LogUnavailable: the broker does not answer; the same again is right.
            RejectedState: topics are missing, or the broker refuses us.
        """
        if self._overtaken:
            # Joined anew, not merely polled: until kafka-python learns of it, it would hand out what it had read.
            self._membership.leave()
            self._overtaken = False
        taken = self._membership.poll(seconds, most)
        if self._membership.assignment is not self._assignment:
            self._assignment, self._overtaken = self._membership.assignment, False
            self._progress = Progress()
            self._open.clear()
        return [each for each in map(self._opened, taken) if each is not None] if taken else None

    def holds(self, trigger: Open) -> bool:
        """Say whether this is ours still: the group was not shared out anew, and it was not dropped."""
        return trigger.taken.assignment is self._assignment and self._open.get(trigger.event.id) is trigger

    def admitted(self, triggers: Collection[Open]) -> Sequence[Open]:
        """Return those which may be handed out now; drops what has expired meanwhile, or is done as of now.

        Raises what `Memory.done_of` raises; nothing is dropped then.
        """
        ours = [each for each in triggers if self.holds(each)]
        if not ours:
            return ours
        done, now = self._memory.done_of([each.event.id for each in ours]), self._now()
        return [each for each in ours if not self._is_dropped(each, done, now)]

    def batch(self, done: Collection[Open]) -> Batch | None:
        """Return what says that these are done, and commits what was passed besides; None if there is nothing to say.

        Raises:
            TriggerTaken: one of them is not ours any more.
        """
        for each in done:
            if not self.holds(each):
                raise self.taken(each)
        offsets = self._progress.after({each.place for each in done})
        if self._assignment is None or not offsets:
            return None
        return Batch(self._assignment, tuple(done), offsets, [write for each in done for write in self._writes(each)])

    def write(self, batch: Batch) -> None:
        """Commit it; may be called from another thread, one at a time. Raises what `Transactions.commit` raises."""
        self._transactions.commit(batch.writes, batch.offsets, batch.assignment.member)

    def settle(self, batch: Batch) -> None:
        """Take note that it is committed."""
        for each in batch.done:
            each.done = True
        # If the group was shared out anew meanwhile, progress is another's.
        if batch.assignment is self._assignment:
            self._progress.commit({each.place for each in batch.done}, batch.offsets)
            for each in batch.done:
                del self._open[each.event.id]

    def commit(self, done: Collection[Open]) -> None:
        """Say that these are done, and commit what was passed besides.

        Raises:
            TriggerTaken: the group was shared out anew; none of them counts as done.
            LogUnavailable, RejectedState: as `Transactions.commit`.
        """
        batch = self.batch(done)
        if batch is None:
            return
        try:
            self.write(batch)
        except OvertakenError:
            self.lose(batch)
            if batch.done:
                raise self.taken(batch.done[0]) from None
        else:
            self.settle(batch)

    def lose(self, batch: Batch) -> None:
        """Take note that the group has moved on without us: nothing of this assignment is ours, and we join anew."""
        if batch.assignment is self._assignment:
            self._assignment, self._overtaken = None, True

    def rest(self) -> None:
        """Commit what was passed without a `done()`, and delete what is past its time from the memory, once an hour."""
        self.commit(())
        now = self._now()
        if self._assignment is None or now // HOUR == self._forgot_in_hour:
            return
        past = [
            Write(self._memory_topic, recollection.memory_key(self._group, each), None)
            for each in self._memory.forget(now)
        ]
        for first in range(0, len(past), _DELETED_AT_ONCE):
            self._transactions.commit(past[first : first + _DELETED_AT_ONCE], {}, None)
        self._forgot_in_hour = now // HOUR

    def close(self) -> None:
        """Leave the group, so that others take over at once what is open."""
        self._assignment = None
        self._transactions.close()
        self._membership.leave()
        self._memory.close()

    def taken(self, trigger: Open) -> TriggerTaken:
        """Return the failure that says that this is not ours any more."""
        return TriggerTaken(
            f"trigger {trigger.event.id} is no longer this subscriber's: group {self._group} was shared out anew "
            "before done(); it is handed out again where it belongs now"
        )

    def _opened(self, taken: Taken) -> Open | None:
        self._progress.take(_place(taken))
        event = _readable(taken)
        reason: DropReason
        if event is None:
            reason = "unreadable"
        elif event.type == _WITHDRAWN and not self._withdrawals:
            reason = "withdrawal"
        elif event.expires <= self._now():
            reason = "expired"
        elif event.id in self._open:
            reason = "duplicate"
        else:
            opened = self._open[event.id] = Open(event, taken)
            return opened
        self._drop(_place(taken), reason)
        return None

    def _is_dropped(self, trigger: Open, done: Collection[str], now: Instant) -> bool:
        if trigger.event.expires <= now:
            self._drop(trigger.place, "expired")
        elif trigger.event.id in done:
            self._drop(trigger.place, "done")
        else:
            return False
        del self._open[trigger.event.id]
        return True

    def _drop(self, place: Place, reason: DropReason) -> None:
        self._progress.drop(place)
        self.dropped[reason] += 1

    def _writes(self, done: Open) -> Iterator[Write]:
        event = done.event
        key = recollection.memory_key(self._group, event.id)
        yield Write(self._memory_topic, key, recollection.memory_value(event.expires))
        if done.failure is not None:
            yield parking.park(self._parking_topic, self._group, event.id, done.taken.record, done.failure)


def _readable(taken: Taken) -> Event | None:
    try:
        return read(taken.record.value)
    except UnreadableError as error:
        (topic, partition), offset = _place(taken)
        log.warning("%s partition %d offset %d is no trigger: %s", topic, partition, offset, error)
        return None


def _place(taken: Taken) -> Place:
    record = taken.record
    return (record.topic, record.partition), record.offset
