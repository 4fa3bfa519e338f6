"""A deployment on a real Redis and a log in memory, with event time as the clock: months of it pass within seconds."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Self

from expansion_signals.model.events import ACCOUNT_UPDATED
from expansion_signals.model.instants import DAY, HOUR, hour_of, parse_instant
from expansion_signals.model.records import Outgoing, Partition, Poll, Record
from expansion_signals.pipeline.deciding import PROMPT_EVENTS, Deciding, DecidingOutside
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.due import RedisDue
from expansion_signals.state.expiry import RedisExpiry
from expansion_signals.state.janitor import Janitor
from expansion_signals.state.keys import shard_of
from expansion_signals.state.mutes import RedisMutes
from expansion_signals.state.policy import RedisPolicy
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from expansion_signals.wire.cloudevents import STRUCTURED
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.json_text import write
from expansion_signals.wire.prompts import TYPE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from expansion_signals.model.batches import Outcome
    from expansion_signals.model.instants import Instant
    from expansion_signals.ports import Answered, Asked
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.state.connection import Connection

SHARDS = 4
SIGNALS = "expansion-signals"
METERED = (USAGE_EVENTS, ACCOUNT_UPDATES)
DECIDED = (SIGNALS, PROMPT_EVENTS)
HEADERS = (("content-type", STRUCTURED.encode()),)


class Log:
    """Topics of one partition each; of what stood there before, only where it ended is known."""

    def __init__(self, before: Mapping[str, int] | None = None) -> None:
        self.now: Instant = 0
        self.records: defaultdict[str, list[Record]] = defaultdict(list)
        self._before = before or {}

    def end(self, topic: str) -> int:
        return self._before.get(topic, 0) + len(self.records[topic])

    def append(self, record: Outgoing) -> None:
        at = self.end(record.topic)
        appended = Record(record.topic, 0, at, record.key, record.value, tuple(record.headers), self.now)
        self.records[record.topic].append(appended)

    def at(self, topic: str, offset: int) -> Record | None:
        """Return the record at this offset, None at the end; what stood there before cannot be read again."""
        place = offset - self._before.get(topic, 0)
        assert place >= 0, f"{topic} is read again from {offset}"
        return self.records[topic][place] if place < len(self.records[topic]) else None

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        for record in records:
            self.append(record)
        return ()


class _Stage:
    """One of the two, with where it stands in its topics."""

    def __init__(self, absorber: Metering | Deciding, watermarks: Watermarks, topics: Sequence[str], log: Log) -> None:
        self.absorber = absorber
        self.positions: dict[Partition, int] = {}
        self._watermarks = watermarks
        self._partitions = [Partition(topic, 0) for topic in topics]
        self._log = log

    async def resume(self) -> None:
        ends = {each: self._log.end(each.topic) for each in self._partitions}
        self.positions = dict(await self._watermarks.resume(ends, dict.fromkeys(ends, 0), ends))

    async def read(self) -> bool:
        """Read one record; say whether there was one."""
        for partition, at in self.positions.items():
            record = self._log.at(partition.topic, at)
            if record is not None:
                await self.absorb(record)
                self.positions[partition] = at + 1
                return True
        return False

    async def absorb(self, record: Record) -> None:
        """Take a record in a poll of its own, whether it was read before or not."""
        partition = Partition(record.topic, record.partition)
        await self.absorber.absorb(Poll([record], {partition: record.offset}, {partition: record.offset + 1}, 0))

    async def sweep(self) -> None:
        await self.absorber.rolled_back()  # by which it learns how far the shards are
        await self.absorber.sweep(self.positions, dict.fromkeys(self.positions, self._log.now))


class PlayedOnRedis:
    """Both stages of a worker that started with these files, on what stands under the prefix."""

    def __init__(self, client: Connection, prefix: str, epochs: Epochs, log: Log) -> None:
        self.log = log
        names = {topic: topic for topic in (*METERED, *DECIDED)}
        shards = RedisShards(client, prefix=prefix, shards=SHARDS)
        codec, numbers = CloudEventsCodec(acceptance=DAY), count()
        due = RedisDue(client, prefix=prefix, shards=SHARDS)
        janitor = Janitor(client, prefix=prefix, metered=METERED, decided=DECIDED, acceptance=DAY)
        expiry = RedisExpiry(client, prefix=prefix, shards=SHARDS, window=DAY, janitor=janitor)

        def store() -> RedisStore:
            return RedisStore(client, prefix=prefix, shards=SHARDS, window=DAY, conflicts=True)

        def clock() -> Instant:
            return log.now

        def nonce() -> str:
            return f"n{next(numbers)}"

        def place(account: str) -> int:
            return shard_of(account, SHARDS)

        self._store = kept = store()
        metered = Watermarks(AllButLate(shards, "metering"), names)
        decided = Watermarks(AllButLate(shards, "deciding"), names)
        policy, mutes = RedisPolicy(client, prefix=prefix, shards=SHARDS), RedisMutes(client, prefix=prefix)
        outside = Outside(kept, kept, expiry, codec, log, epochs, _at_once, clock, nonce, place, due)
        deciding = DecidingOutside(store(), policy, mutes, codec, log, epochs, _at_once, clock, nonce, place)
        self.metering = _Stage(Metering(outside, metered, acceptance=DAY), metered, METERED, log)
        self.deciding = _Stage(Deciding(deciding, decided), decided, DECIDED, log)

    @classmethod
    async def open(cls, client: Connection, prefix: str, configuration: Configuration, log: Log) -> Self:
        """Start as a worker does: check what stands, accept the files, and go on where the watermarks are.

        Raises:
            RejectedState: what stands there does not fit this version.
        """
        deployment = Deployment(client, prefix=prefix, shards=SHARDS)
        await deployment.open()
        accepted = await deployment.accept(configuration)
        played = cls(client, prefix, Epochs(deployment, accepted.epoch, configuration), log)
        for stage in (played.metering, played.deciding):
            await stage.resume()
        return played

    async def tell(self, *events: Mapping[str, Any]) -> None:
        """Append events where they belong, each when it happens, and have everything read that comes of it."""
        for event in events:
            await self.pass_to(parse_instant(event["time"]))
            self.log.append(_outgoing(event))
            await self._settle()

    async def pass_to(self, time: Instant) -> None:
        """Let time pass, hour by hour with what is due in each."""
        self.log.now = self.log.now or time
        while hour_of(self.log.now) < hour_of(time):
            self.log.now = min(time, (hour_of(self.log.now) + 1) * HOUR)
            await self.metering.sweep()
            while await self.metering.absorber.look(dict.fromkeys(self.metering.positions, self.log.now)):
                pass  # what a worker does within seconds
            await self._settle()
        self.log.now = max(self.log.now, time)

    async def end(self) -> None:
        """Move every watermark to where it is, as an idle worker does."""
        for stage in (self.metering, self.deciding):
            await stage.sweep()

    async def tallies(self) -> Mapping[str, Mapping[Outcome, int]]:
        """Return what became of the records of each topic (semantics 1.5)."""
        return {name.rpartition("/")[0]: found for name, found in (await self._store.tallies()).items()}

    async def _settle(self) -> None:
        while await self.metering.read() or await self.deciding.read():
            pass


async def _at_once(
    step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
) -> Answered:
    """Call a step once: nobody is away here (port `Patience`)."""
    return await step(*arguments, **named)


def _outgoing(event: Mapping[str, Any]) -> Outgoing:
    kind = event["type"]
    topic = ACCOUNT_UPDATES if kind == ACCOUNT_UPDATED else USAGE_EVENTS
    topic = PROMPT_EVENTS if kind.startswith(TYPE_PREFIX) else topic
    return Outgoing(topic, event["subject"].encode(), write(event), HEADERS)
