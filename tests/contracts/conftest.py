"""The two stores, each with what the contracts need besides the port: a look inside, and a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest
from redis.asyncio import Redis

from expansion_signals.model.instants import DAY
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.memory import MemoryStore
from expansion_signals.state.redis import RedisStore
from inspected import Inspected, of_memory, of_redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from expansion_signals import ports

SHARDS = 2


class Kept(Protocol):
    """A deployment's state, and the stores of workers on it."""

    store: MemoryStore | RedisStore

    def another(self, *, conflicts: bool = True) -> ports.Store:
        """Return the store of another worker, which knows nothing yet."""

    async def inside(self) -> Inspected:
        """Return what is kept."""

    async def lose(self, shard: int) -> None:
        """Lose a shard whole."""


class InMemory:
    def __init__(self) -> None:
        self.store = MemoryStore(shards=SHARDS, window=DAY)

    def another(self, *, conflicts: bool = True) -> MemoryStore:
        store = MemoryStore(shards=SHARDS, window=DAY, conflicts=conflicts)
        for shard in self.store.shards:
            shard.conflicts = conflicts
        store.shards = self.store.shards
        return store

    async def inside(self) -> Inspected:
        return of_memory(self.store)

    async def lose(self, shard: int) -> None:
        self.store.lose(shard)


class InRedis:
    def __init__(self, client: Redis, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self.store = self.another()

    def another(self, *, conflicts: bool = True) -> RedisStore:
        return RedisStore(self._client, prefix=self._prefix, shards=SHARDS, window=DAY, conflicts=conflicts)

    async def inside(self) -> Inspected:
        return await of_redis(self._client, self._prefix, SHARDS)

    async def lose(self, shard: int) -> None:
        async for key in self._client.scan_iter(match=f"{shard_keys(self._prefix, shard).tag}:*"):
            await self._client.delete(key)


@pytest.fixture
async def redis(redis_url: str, prefix: str) -> AsyncIterator[Redis]:
    """A client of the shared Redis, with a deployment open under `prefix`."""
    async with Redis.from_url(redis_url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        yield client


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    """A deployment's state: each contract is held by both stores."""
    if request.param == "memory":
        yield InMemory()
        return
    url, prefix = request.getfixturevalue("redis_url"), request.getfixturevalue("prefix")
    async with Redis.from_url(url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        yield InRedis(client, prefix)


@pytest.fixture
def store(kept: Kept) -> ports.Store:
    return kept.store
