"""Metering without Kafka: wired as the worker wires it, on a Redis, under the benchmark's configuration."""

from __future__ import annotations

import json
import time
import uuid
import zlib
from itertools import islice
from typing import TYPE_CHECKING, Any

from benchmarks.offsets import PARTITIONS
from benchmarks.prefill import SHARDS, fill, nothing_used, profiles
from benchmarks.stage import CONFIGURATION
from expansion_signals.configuration_files import read_directory
from expansion_signals.model.batches import Applied
from expansion_signals.model.instants import DAY, SECOND
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
from expansion_signals.state.keys import shard_of
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from expansion_signals.wire.codec import CloudEventsCodec
from outside.full_state import Acknowledging, at_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import Redis

    from benchmarks.servers_of_a_run import Redis as OwnRedis
    from benchmarks.workload import Limits
    from expansion_signals.model.batches import Answer, ShardBatch
    from expansion_signals.model.facts import AccountFacts
    from expansion_signals.state.requests import ApplyRequest

PREFIX = "bench-steps-"
USAGE, UPDATES = "usage-events", "account-updates"
FILLED_AT_ONCE = 4_000
METERED = [*(Partition(USAGE, number) for number in range(PARTITIONS)), Partition(UPDATES, 0)]


class WatchedStore(RedisStore):
    """The store, with what it took and what came of it since `forget`; all in seconds of CPU.

    `request` is for requests and `exchange` for all else here, `script` is Redis's; `watching` is for looking at that.
    """

    def __init__(self, client: Redis, own: OwnRedis) -> None:
        super().__init__(client, prefix=PREFIX, shards=SHARDS, window=DAY)
        self._own = own
        self.forget()

    def forget(self) -> None:
        """Begin at nothing."""
        self.request = self.exchange = self.script = self.watching = 0.0
        self.facts: dict[str, AccountFacts] = {}

    async def apply(self, batches: Sequence[ShardBatch]) -> Sequence[Answer]:
        """Apply, and watch."""
        computed, requested = self._computed(), self.request
        began = time.process_time()
        answers = await super().apply(batches)
        self.exchange += time.process_time() - began - (self.request - requested)
        self.script += self._computed() - computed
        self.facts |= {
            account.account: account
            for answer in answers
            if isinstance(answer, Applied)
            for account in answer.facts
            if account.facts
        }
        return answers

    def _request(self, batch: ShardBatch, crowded: Mapping[tuple[str, str], int]) -> ApplyRequest:
        began = time.process_time()
        request = super()._request(batch, crowded)
        self.request += time.process_time() - began
        return request

    def _computed(self) -> float:
        began = time.process_time()
        found = self._own.cpu_seconds()
        self.watching += time.process_time() - began
        return found


class Wired:
    """One deployment and its metering; what it is made of is there to be taken apart."""

    def __init__(self, client: Redis, own: OwnRedis, epochs: Epochs, now: int) -> None:
        self.now = now
        self.epochs = epochs
        self.store = WatchedStore(client, own)
        self.codec = CloudEventsCodec(acceptance=DAY, prefix="")
        self._client = client
        self._offsets = dict.fromkeys(METERED, 0)
        self._watermarks = self._watermarks_at_start()
        self.metering = Metering(self._outside(), self._watermarks, acceptance=DAY)

    @classmethod
    async def made(cls, own: OwnRedis, client: Redis, now: int) -> Wired:
        """Open a deployment under the benchmark's configuration."""
        deployment = Deployment(client, prefix=PREFIX, shards=SHARDS)
        await deployment.open()
        configuration = load(read_directory(CONFIGURATION))
        accepted = await deployment.accept(configuration)
        wired = cls(client, own, Epochs(deployment, accepted.epoch, configuration), now)
        await wired._resume(wired._watermarks)
        return wired

    async def fill(self, limits: Limits) -> None:
        """Have the state of the middle of a month: as `benchmarks.prefill` makes it."""
        for topic, events in ((UPDATES, profiles(limits)), (USAGE, nothing_used(limits))):
            told = iter(events)
            while piece := list(islice(told, FILLED_AT_ONCE)):
                await self.absorb(self.poll(topic, map(_written, piece)))
        await fill(self._client, PREFIX, list(limits))

    async def unmoved(self) -> Watermarks:
        """Return watermarks that stay where everything begins: what is read under them is never passed over."""
        watermarks = self._watermarks_at_start()
        await self._resume(watermarks)
        return watermarks

    async def absorb(self, poll: Poll) -> None:
        """Read one poll."""
        if again := await self.metering.absorb(poll):
            raise RuntimeError(f"a gap: to be read again from {again}")

    def poll(self, topic: str, records: Iterable[tuple[bytes, bytes]]) -> Poll:
        """Return the next poll with these records, key and value."""
        first = dict(self._offsets)
        read = []
        for key, value in records:
            place = Partition(topic, zlib.crc32(key) % PARTITIONS if topic == USAGE else 0)
            read.append(Record(*place, self._offsets[place], key, value, (), self.now))
            self._offsets[place] += 1
        return Poll(sorted(read, key=lambda record: record[:3]), first, dict(self._offsets), 0)

    def _watermarks_at_start(self) -> Watermarks:
        shards = RedisShards(self._client, prefix=PREFIX, shards=SHARDS)
        return Watermarks(AllButLate(shards, "metering"), {USAGE: USAGE, UPDATES: UPDATES})

    async def _resume(self, watermarks: Watermarks) -> None:
        nothing = dict.fromkeys(METERED, 0)
        await watermarks.resume(METERED, nothing, self._offsets)

    def _outside(self) -> Outside:
        janitor = Janitor(
            self._client, prefix=PREFIX, acceptance=DAY, metered=[USAGE, UPDATES], decided=["expansion-signals"]
        )
        return Outside(
            store=self.store,
            accounts=self.store,
            expiry=RedisExpiry(self._client, prefix=PREFIX, shards=SHARDS, window=DAY, janitor=janitor),
            codec=self.codec,
            publisher=Acknowledging(),
            epochs=self.epochs,
            patience=at_once,
            clock=lambda: self.now,
            nonce=lambda: uuid.uuid4().hex,
            shard_of=lambda account: shard_of(account, SHARDS),
            due=RedisDue(self._client, prefix=PREFIX, shards=SHARDS),
        )


def _written(event: Mapping[str, Any]) -> tuple[bytes, bytes]:
    return event["subject"].encode(), json.dumps(event).encode()


def now() -> int:
    """Return the instant that is taken for now throughout."""
    return round(time.time() * SECOND)
