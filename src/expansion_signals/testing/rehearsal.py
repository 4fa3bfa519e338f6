"""A rehearsal: the pipeline as the worker runs it, on a log and a state in memory, with event time as the clock.

Every record is a poll of its own, so what comes out is one of the divisions that a worker may have met. The append time
of a record, and the clock, is the greatest event time seen: an event is late by as much as others are ahead of it.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.events import ACCOUNT_UPDATED
from expansion_signals.model.instants import DAY, HOUR, hour_of
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.pipeline.deciding import PROMPT_EVENTS, Deciding, DecidingOutside
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.state.memory import MemoryStore
from expansion_signals.state.memory_archive import MemoryArchive
from expansion_signals.state.memory_due import MemoryDue
from expansion_signals.state.memory_expiry import MemoryExpiry
from expansion_signals.state.memory_policy import MemoryPolicy
from expansion_signals.state.memory_shards import MemoryShards
from expansion_signals.state.mutes import MemoryMutes
from expansion_signals.wire import attributes
from expansion_signals.wire.cloudevents import STRUCTURED, open_envelope
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.prompts import TYPE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import Outcome
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.records import Outgoing
    from expansion_signals.ports import Answered, Asked
    from expansion_signals.rules.configuration import Configuration

SIGNALS = "expansion-signals"
_HEADERS = (("content-type", STRUCTURED.encode()),)


class Rehearsal:
    """Plays records one by one; `acceptance` is how old an event may be, as in the worker's settings."""

    def __init__(self, configuration: Configuration, *, acceptance: Duration = DAY) -> None:
        self.now: Instant = 0
        self._log = _Log()
        store = MemoryStore(shards=1, window=acceptance)
        policy = MemoryPolicy(store, shards=1)
        shards = MemoryShards(store, policy)
        archive = MemoryArchive()
        epochs = Epochs(archive, archive.accept(configuration.texts), configuration)
        codec = CloudEventsCodec(acceptance=acceptance)
        expiry = MemoryExpiry(
            store, policy, acceptance=acceptance, metered=[USAGE_EVENTS, ACCOUNT_UPDATES], decided=list(_DECIDED)
        )
        due = MemoryDue(store)
        nonces = count()

        def nonce() -> str:
            return str(next(nonces))

        def clock() -> Instant:
            return self.now

        self._store = store
        self._metered = Watermarks(AllButLate(shards, "metering"), {each: each for each in _METERED})
        self._decided = Watermarks(AllButLate(shards, "deciding"), {each: each for each in _DECIDED})
        self._metering = Metering(
            Outside(store, store, expiry, codec, self._log, epochs, _at_once, clock, nonce, _one_shard, due),
            self._metered,
            acceptance=acceptance,
        )
        self._deciding = Deciding(
            DecidingOutside(store, policy, MemoryMutes(), codec, self._log, epochs, _at_once, clock, nonce, _one_shard),
            self._decided,
        )
        self._begun = False

    async def play(self, line: bytes, until: Instant | None = None) -> Sequence[Outgoing]:
        """Play one CloudEvent in structured JSON, whatever it is of; return what is published because of it.

        One of a time after `until` is passed over.

        Usage goes to `usage-events`, updates of accounts to `account-updates`, reports of prompts to `prompt-events`. A
        line that is no CloudEvent is what it would be on `usage-events`: a dead letter.
        """
        topic, key, time = _told(line)
        if until is not None and time > until:
            return ()
        published = list(await self.pass_to(time))
        stage = self._deciding if topic == PROMPT_EVENTS else self._metering
        await self._read(stage, Partition(topic, 0), Record(topic, 0, 0, key, line, _HEADERS, self.now))
        return [*published, *await self._decide()]

    async def pass_to(self, time: Instant) -> Sequence[Outgoing]:
        """Let time pass, hour by hour with what is due in each; return what is published meanwhile."""
        await self._begin()
        published: list[Outgoing] = []
        if not self.now:
            self.now = time
        while hour_of(self.now) < hour_of(time):
            self.now = min(time, (hour_of(self.now) + 1) * HOUR)
            reached = dict.fromkeys(self._log.ends, self.now)
            await self._metering.rolled_back()  # by which it learns how far the shards are
            await self._metering.sweep(self._log.ends, reached)
            while await self._metering.look(reached):
                pass  # what a worker does within seconds
            published += await self._decide()
        self.now = max(self.now, time)
        return published

    def standing(self, account: str) -> tuple[Profile | None, Mapping[Counter, int]]:
        """Return the profile of an account, and its levels in scaled amounts."""
        kept = self._store.shards[0].account(account)
        return kept.profile, {counter: level.amount for counter, level in kept.levels.items()}

    async def tallies(self) -> Mapping[str, Mapping[Outcome, int]]:
        """Return what became of the records of each topic (semantics 1.5)."""
        return {name.rpartition("/")[0]: found for name, found in (await self._store.tallies()).items()}

    async def _begin(self) -> None:
        if not self._begun:
            for watermarks, topics in ((self._metered, _METERED), (self._decided, _DECIDED)):
                nothing = dict.fromkeys((Partition(topic, 0) for topic in topics), 0)
                await watermarks.resume(nothing, nothing, nothing)
            self._begun = True

    async def _decide(self) -> Sequence[Outgoing]:
        published = self._log.taken()
        for signal in [each for each in published if each.topic == SIGNALS]:
            record = Record(SIGNALS, 0, 0, signal.key, signal.value, signal.headers, self.now)
            await self._read(self._deciding, Partition(SIGNALS, 0), record)
        return [*published, *self._log.taken()]

    async def _read(self, absorber: Metering | Deciding, partition: Partition, record: Record) -> None:
        """Have a stage read one record, which stands where the last one of its partition ended."""
        at = self._log.append(partition)
        await absorber.absorb(Poll([record._replace(offset=at)], {partition: at}, {partition: at + 1}, 0))


_METERED = (USAGE_EVENTS, ACCOUNT_UPDATES)
_DECIDED = (SIGNALS, PROMPT_EVENTS)


class _Log:
    """Where each partition ends, and what was published since it was last taken (port `Publisher`)."""

    def __init__(self) -> None:
        self._ends: defaultdict[Partition, int] = defaultdict(int)
        self._published: list[Outgoing] = []

    @property
    def ends(self) -> Mapping[Partition, int]:
        """Where metering's partitions end."""
        return {partition: end for partition, end in self._ends.items() if partition.topic in _METERED}

    def append(self, partition: Partition) -> int:
        """Return the offset of the partition's next record."""
        self._ends[partition] += 1
        return self._ends[partition] - 1

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Take records; none is too large."""
        self._published += records
        return ()

    def taken(self) -> Sequence[Outgoing]:
        """Return what was published since this was last asked."""
        taken, self._published = self._published, []
        return taken


async def _at_once(
    step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
) -> Answered:
    """Call a step once: nothing is away in memory (port `Patience`)."""
    return await step(*arguments, **named)


def _one_shard(account: str) -> int:  # noqa: ARG001 -- there is one
    return 0


def _told(line: bytes) -> tuple[str, bytes | None, Instant]:
    """Return the topic a line belongs on, its key and its event time."""
    try:
        envelope = open_envelope(Record(USAGE_EVENTS, 0, 0, None, line, _HEADERS, 0))
        event = attributes.required(envelope)
    except RejectedRecord:
        return USAGE_EVENTS, None, 0
    key = event.account.encode()
    if event.type.startswith(TYPE_PREFIX):
        return PROMPT_EVENTS, key, event.time
    updates = event.type.startswith(ACCOUNT_UPDATED.rpartition(".")[0])
    return ACCOUNT_UPDATES if updates else USAGE_EVENTS, key, event.time
