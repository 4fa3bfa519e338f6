"""A state in Redis as it is after two months, and the polls that come to it next."""

from __future__ import annotations

import itertools
import json
import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from expansion_signals.model.batches import AccountBatch, Applied, DayMove, Identity, Move, ShardBatch
from expansion_signals.model.changes import Add, See
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND, day_of, parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.rules.loading import load
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.due import RedisDue
from expansion_signals.state.expiry import RedisExpiry
from expansion_signals.state.janitor import Janitor
from expansion_signals.state.keys import shard_keys, shard_of
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from expansion_signals.wire.codec import CloudEventsCodec
from outside.product import profile_event, structured, usage_event, written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from redis.asyncio import Redis

    from expansion_signals.model.batches import Answer
    from expansion_signals.model.records import Outgoing
    from expansion_signals.ports import Answered, Asked

SHARDS, PARTITIONS = 64, 12
DAYS = 62
EVENTS_A_POLL = 4_000
ZIPF = 1.1
NOW = parse_instant("2026-11-22T10:30:00Z")
_QUARTER = 6 * HOUR

_CATALOG = """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
  exports: {event: expansion.usage.recorded.v1, where: {meter: exports}, aggregation: sum, value: value, unit: export}
  storage:
    {event: expansion.usage.recorded.v1, where: {meter: storage}, aggregation: sum, value: value, per: never, unit: GB}
features:
  api_calls: {meter: api_calls}
  exports: {meter: exports}
  storage: {meter: storage}
plans:
  - key: team
    price: "49"
    includes: {api_calls: {limit: 1000000}, exports: {limit: 1000000}, storage: {limit: 1000000}}
"""
_RULES = """
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: exports-full, signal: limit_reached, meter: exports, at: [80%, 100%]}
  - {id: storage-full, signal: limit_reached, meter: storage, at: [80%, 100%]}
"""
METERS = ("api_calls", "exports", "storage")


class Kind(Enum):
    """How ids are made."""

    TIMED = "ids that carry their time (UUIDv7)"
    PLAIN = "plain ids (UUIDv4)"


class Acknowledging:
    """A log that takes everything."""

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:  # noqa: ARG002 -- as the port has it
        return ()


async def at_once(
    step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
) -> Answered:
    """Take a step once: nothing fails here that may pass."""
    return await step(*arguments, **named)


class MeasuredStore(RedisStore):
    """The store, with what it computed in this process, and how many script calls its polls were."""

    seconds = 0.0
    applied = 0

    async def apply(self, batches: Sequence[ShardBatch]) -> Sequence[Answer]:
        began = time.process_time()
        self.applied += len(batches)
        try:
            return await super().apply(batches)
        finally:
            self.seconds += time.process_time() - began


class FullState:
    """The state of one deployment, and the worker that goes on with it."""

    def __init__(self, redis: Redis, prefix: str, accounts: int, identities_a_day: int) -> None:
        self.shards = SHARDS
        self._redis = redis
        self._prefix = prefix
        self._store = MeasuredStore(redis, prefix=prefix, shards=SHARDS, window=DAY)
        self._identities_a_day = identities_a_day
        self._draw = random.Random(7)  # noqa: S311 -- a load, not a secret
        self._names = [f"acct-{number}" for number in range(accounts)]
        self._weights = list(itertools.accumulate(1 / (rank + 1) ** ZIPF for rank in range(accounts)))
        self._offsets = {Partition("usage-events", number): 0 for number in range(PARTITIONS)}
        self._offsets[Partition("account-updates", 0)] = 0
        self._nonces = map(str, itertools.count(10**15))

    @classmethod
    async def made(cls, redis: Redis, prefix: str, accounts: int, identities_a_day: int) -> FullState:
        """Fill a deployment: profiles, day buckets, two periods of counters, each judged and guarded."""
        state = cls(redis, prefix, accounts, identities_a_day)
        await state._open()
        await state._read("account-updates", state._profiles(NOW - DAYS * DAY), NOW - DAYS * DAY)
        # The last event of the month before, and the first of this: the older counter is still there.
        for appended in (parse_instant("2026-10-31T23:50:00Z"), parse_instant("2026-11-01T00:10:00Z")):
            await state._read("usage-events", state._one_of_each(appended), appended)
        await state._fill_days()
        return state

    @property
    def applied(self) -> int:
        """How many calls of the script polls were."""
        return self._store.applied

    @property
    def store_seconds(self) -> float:
        """What the store computed in this process."""
        return self._store.seconds

    async def absorb(self, poll: Poll) -> None:
        """Read one poll."""
        assert not await self._metering.absorb(poll), "a gap"

    def poll(self, kind: Kind) -> Poll:
        """Return the next poll: events of now, a few minutes old at most."""
        accounts = self._draw.choices(self._names, cum_weights=self._weights, k=EVENTS_A_POLL)
        events = [self._event(name, self._draw.choice(METERS), NOW, self._id(kind, NOW)) for name in accounts]
        return self._poll("usage-events", events, NOW)

    async def fill_identities(self, kind: Kind) -> None:
        """Remember a day's identities where ids of this kind are looked for: those of some minutes, or of the day."""
        if kind is Kind.TIMED:
            slices = [(NOW - 10 * MINUTE, 144.0), (NOW, 288.0)]
        else:
            slices = [(NOW - quarters * _QUARTER, 4.0) for quarters in (4, 3, 2, 1)] + [(NOW, 8.0)]
        for appended, part in slices:
            count = round(self._identities_a_day / part / SHARDS)
            minted = appended if kind is Kind.TIMED else None
            for shard in range(SHARDS):
                identities = [Identity(self._draw.getrandbits(63), b"\0\0\0\1", minted, appended) for _ in range(count)]
                await self._apply(ShardBatch(shard, 1, next(self._nonces), (), identities))

    async def identities(self) -> int:
        """Return how many identities are remembered."""
        checks = [key async for key in self._redis.scan_iter(match=f"{self._prefix}*:c:*", count=5_000)]
        found = 0
        for place in range(0, len(checks), 5_000):
            pipeline = self._redis.pipeline(transaction=False)
            for key in checks[place : place + 5_000]:
                pipeline.strlen(key)
            found += sum(await pipeline.execute()) // 4
        return found

    async def bytes_of_members(self, members: int) -> int:
        """Return what a `unique` counter with so many members costs besides its level."""
        account, counter = "members", Counter("users", "", NOW)
        seen = tuple(self._draw.getrandbits(63) for _ in range(members))
        move = Move(counter, None, See(seen), watched=False, evidence=Evidence("e", "/", NOW), appended=NOW)
        shard = shard_of(account, SHARDS)
        await self._apply(ShardBatch(shard, 1, "n", (), (), [AccountBatch(account, None, [move])]))
        size = await self._redis.memory_usage(shard_keys(self._prefix, shard).members(account, counter))
        assert size is not None
        return size

    # ------------------------------------------------------------------------------------------ inside

    async def _open(self) -> None:
        deployment = Deployment(self._redis, prefix=self._prefix, shards=SHARDS)
        await deployment.open()
        configuration = load({"catalog.yaml": _CATALOG, "rules.yaml": _RULES})
        accepted = await deployment.accept(configuration)
        shards = RedisShards(self._redis, prefix=self._prefix, shards=SHARDS)
        watermarks = Watermarks(
            AllButLate(shards, "metering"), {"usage-events": "usage-events", "account-updates": "account-updates"}
        )
        outside = Outside(
            store=self._store,
            accounts=self._store,
            expiry=RedisExpiry(
                self._redis,
                prefix=self._prefix,
                shards=SHARDS,
                window=DAY,
                janitor=Janitor(
                    self._redis,
                    prefix=self._prefix,
                    acceptance=DAY,
                    metered=["usage-events", "account-updates"],
                    decided=["expansion-signals"],
                ),
            ),
            codec=CloudEventsCodec(acceptance=DAY, prefix=""),
            publisher=Acknowledging(),
            epochs=Epochs(deployment, accepted.epoch, configuration),
            patience=at_once,
            clock=lambda: NOW,
            nonce=lambda: next(self._nonces),
            shard_of=lambda account: shard_of(account, SHARDS),
            due=RedisDue(self._redis, prefix=self._prefix, shards=SHARDS),
        )
        self._metering = Metering(outside, watermarks, acceptance=DAY)
        nothing = dict.fromkeys(self._offsets, 0)
        await watermarks.resume(self._offsets, nothing, nothing)

    async def _read(self, topic: str, events: Iterable[Mapping[str, Any]], appended: int) -> None:
        for piece in _pieces(events, EVENTS_A_POLL):
            await self.absorb(self._poll(topic, piece, appended))

    async def _fill_days(self) -> None:
        """Write the day buckets of each account, a shard in a call."""
        today = day_of(NOW)
        by_shard: dict[int, list[AccountBatch]] = {shard: [] for shard in range(SHARDS)}
        found = await self._store.profiles(self._names)
        assert all(found.values()), "an account that is not known"
        for name in self._names:
            days = [
                DayMove(meter, day, Add(self._draw.randint(1, 5_000)))
                for day in range(today - DAYS + 1, today + 1)
                for meter in METERS
            ]
            by_shard[shard_of(name, SHARDS)].append(AccountBatch(name, found[name], days=days))
        for shard, accounts in by_shard.items():
            await self._apply(ShardBatch(shard, 1, next(self._nonces), (), (), accounts))

    async def _apply(self, batch: ShardBatch) -> None:
        (answer,) = await self._store.apply([batch])
        assert isinstance(answer, Applied), answer

    def _profiles(self, appended: int) -> Iterator[Mapping[str, Any]]:
        worth = {"amount": "588", "currency": "USD"}
        at = written(datetime.fromtimestamp(appended / SECOND, UTC))
        for name in self._names:
            yield {**profile_event(name, "team", 1, annual_value=worth, owner="jo@acme.test"), "time": at}

    def _one_of_each(self, appended: int) -> Iterator[Mapping[str, Any]]:
        for name in self._names:
            for meter in METERS:
                yield self._event(name, meter, appended, self._id(Kind.TIMED, appended))

    def _event(self, account: str, meter: str, appended: int, event_id: str) -> Mapping[str, Any]:
        at = datetime.fromtimestamp(appended / SECOND, UTC) - timedelta(seconds=self._draw.randint(0, 120))
        return usage_event(account, self._draw.randint(1, 99), meter=meter, id=event_id, time=at)

    def _id(self, kind: Kind, appended: int) -> str:
        bits = self._draw.getrandbits(128)
        if kind is Kind.TIMED:
            bits = (appended // 1_000) << 80 | bits & ((1 << 80) - 1)
        version = 7 if kind is Kind.TIMED else 4
        return str(uuid.UUID(int=bits & ~(0xF << 76) | version << 76))

    def _poll(self, topic: str, events: Sequence[Mapping[str, Any]], appended: int) -> Poll:
        first = dict(self._offsets)
        records = []
        for event in events:
            place = Partition(topic, hash_of(event["subject"]) if topic == "usage-events" else 0)
            offset = self._offsets[place]
            self._offsets[place] = offset + 1
            value = json.dumps(event).encode()
            records.append(Record(*place, offset, event["subject"].encode(), value, structured(), appended))
        return Poll(sorted(records), first, dict(self._offsets), 0)


def hash_of(account: str) -> int:
    """Return the partition of an account, by another hash than the shard's, as a Java client would."""
    return sum(ord(letter) * 31**place for place, letter in enumerate(reversed(account))) % PARTITIONS


def _pieces(events: Iterable[Mapping[str, Any]], size: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    walk = iter(events)
    while piece := list(itertools.islice(walk, size)):
        yield piece
