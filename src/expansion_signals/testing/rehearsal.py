"""A rehearsal: the pipeline as the worker runs it, on a log and a state in memory, with event time as the clock.

Every record is a poll of its own, so what comes out is one of the divisions that a worker may have met. The append time
of a record, and the clock, is the greatest event time seen: an event is late by as much as others are ahead of it.
Records of which nothing comes may share a poll (`testing.playing`): that ends in the same.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY, HOUR, hour_of
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.pipeline.deciding import PROMPT_EVENTS, Deciding, DecidingOutside
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.state.memory_archive import MemoryArchive
from expansion_signals.state.memory_due import MemoryDue
from expansion_signals.state.memory_policy import MemoryPolicy
from expansion_signals.state.memory_shards import MemoryShards
from expansion_signals.state.mutes import MemoryMutes
from expansion_signals.testing.arrivals import arrival_of
from expansion_signals.testing.daily_expiry import DailyExpiry
from expansion_signals.testing.read_ahead import CodecReadAhead
from expansion_signals.testing.silence import Heard, ListeningStore, WouldBeHeard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import Outcome
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.records import Outgoing
    from expansion_signals.ports import Answered, Asked
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.state.memory_account import KeptAccount
    from expansion_signals.testing.arrivals import Arrival

SIGNALS = "expansion-signals"


class Rehearsal:
    """Plays records one by one; `acceptance` is how old an event may be, as in the worker's settings."""

    def __init__(self, configuration: Configuration, *, acceptance: Duration = DAY) -> None:
        self.now: Instant = 0
        self.configuration = configuration
        self.acceptance = acceptance
        self._log = _Log()
        store = ListeningStore(shards=1, window=acceptance)
        policy = MemoryPolicy(store, shards=1)
        shards = MemoryShards(store, policy)
        archive = MemoryArchive()
        epochs = Epochs(archive, archive.accept(configuration.texts), configuration)
        codec = CodecReadAhead(acceptance=acceptance)
        expiry = DailyExpiry(
            store, policy, acceptance=acceptance, metered=[USAGE_EVENTS, ACCOUNT_UPDATES], decided=list(_DECIDED)
        )
        due = MemoryDue(store)
        nonces = count()

        def nonce() -> str:
            return str(next(nonces))

        def clock() -> Instant:
            return self.now

        self._store = store
        self._codec = codec
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

    async def play(self, line: bytes) -> Sequence[Outgoing]:
        """Play one CloudEvent in structured JSON, whatever it is of; return what is published because of it.

        A line that is no CloudEvent is what it would be on `usage-events`: a dead letter.
        """
        return await self.take(arrival_of(line))

    async def take(self, arrival: Arrival) -> Sequence[Outgoing]:
        """Have one arrival read, in a poll of its own; return what is published because of it, and of time passing."""
        published = list(await self.pass_to(arrival.time))
        stage = self._deciding if arrival.topic == PROMPT_EVENTS else self._metering
        await self._read(stage, arrival.record(self.now))
        return [*published, *await self._decide()]

    async def take_unheard(self, arrivals: Sequence[tuple[Arrival, Instant]]) -> Collection[Heard]:
        """Have usage events read in one poll, each appended at its instant, if nothing is published of them.

        Return what would be heard; then nothing has been read. No instant is past the hour that it is, and no identity
        stands twice.
        """
        partition = Partition(USAGE_EVENTS, 0)
        first = self._log.ends.get(partition, 0)
        records = [arrival.record(appended, offset) for offset, (arrival, appended) in enumerate(arrivals, first)]
        self._codec.ahead = {offset: arrival.event for offset, (arrival, _) in enumerate(arrivals, first)}
        self._store.listens = self._log.listens = True
        try:
            poll = Poll(records, {partition: first}, {partition: first + len(records)}, 0)
            await self._metering.absorb(poll)
        except WouldBeHeard as heard:
            return heard.heard or {Heard(arrival.event.account) for arrival, _ in arrivals if arrival.event}
        finally:
            self._store.listens = self._log.listens = False
            self._codec.ahead = {}
        self._log.append(partition, len(records))
        self.now = records[-1].appended
        return ()

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
        kept = self.kept(account)
        return kept.profile, {counter: level.amount for counter, level in kept.levels.items()}

    def kept(self, account: str) -> KeptAccount:
        """Return all that is kept of an account, to look at."""
        return self._store.shards[0].account(account)

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
            await self._read(self._deciding, record)
        return [*published, *self._log.taken()]

    async def _read(self, stage: Metering | Deciding, record: Record) -> None:
        """Have a stage read one record, which stands where the last one of its topic ended."""
        partition = Partition(record.topic, 0)
        at = self._log.append(partition)
        await stage.absorb(Poll([record._replace(offset=at)], {partition: at}, {partition: at + 1}, 0))


_METERED = (USAGE_EVENTS, ACCOUNT_UPDATES)
_DECIDED = (SIGNALS, PROMPT_EVENTS)


class _Log:
    """Where each partition ends, and what was published since it was last taken (port `Publisher`).

    While it `listens`, it refuses whatever somebody would hear of.
    """

    def __init__(self) -> None:
        self.listens = False
        self._ends: defaultdict[Partition, int] = defaultdict(int)
        self._published: list[Outgoing] = []

    @property
    def ends(self) -> Mapping[Partition, int]:
        """Where metering's partitions end."""
        return {partition: end for partition, end in self._ends.items() if partition.topic in _METERED}

    def append(self, partition: Partition, records: int = 1) -> int:
        """Return the offset of the first of the partition's next records."""
        self._ends[partition] += records
        return self._ends[partition] - records

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Take records; none is too large.

        Raises:
            WouldBeHeard: it listens.
        """
        if self.listens:
            raise WouldBeHeard(())  # a dead letter, of whomever it may be
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
