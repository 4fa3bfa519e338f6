"""What a Redis Cluster adds: shards on several nodes, of which one may lack a script, evict, or be on the move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from expansion_signals.errors import RejectedState, StateUnavailable
from expansion_signals.model.batches import Applied
from expansion_signals.model.instants import DAY
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.keys import shard_keys, shard_of
from expansion_signals.state.redis import RedisStore
from sample_batches import ACCOUNT, ELSEWHERE, SHARDS, asked, facts_of, move, poll

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from redis.asyncio import RedisCluster
    from redis.asyncio.cluster import ClusterNode

    from servers.redis import RedisProcess

HERE = shard_of(ACCOUNT, SHARDS)


@pytest.fixture
async def client(cluster_url: str, prefix: str) -> AsyncIterator[RedisCluster]:
    client: Any = connect(cluster_url)
    await Deployment(client, prefix=prefix, shards=SHARDS).open()
    yield client
    await client.aclose()


@pytest.fixture
def store(client: RedisCluster, prefix: str) -> RedisStore:
    return RedisStore(client, prefix=prefix, shards=SHARDS, window=DAY)


async def opened(url: str, prefix: str) -> None:
    client = connect(url)
    try:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
    finally:
        await client.aclose()


def home(client: RedisCluster, prefix: str, shard: int = HERE) -> ClusterNode:
    """Return the node a shard is on."""
    node = client.get_node_from_key(shard_keys(prefix, shard).state)
    assert node is not None
    return node


class Moving:
    """One shard's slot on its way from its node to another; on leaving it is at home again."""

    def __init__(self, client: RedisCluster, shard: int, prefix: str) -> None:
        self._client = client
        self._keys = shard_keys(prefix, shard)
        self._slot = client.keyslot(self._keys.state)
        self.source = home(client, prefix, shard)
        self.target = next(node for node in client.get_primaries() if node.name != self.source.name)

    async def begin(self) -> None:
        ids = await self._ids()
        await self.target.execute_command("CLUSTER SETSLOT", self._slot, "IMPORTING", ids[self.source.name])
        await self.source.execute_command("CLUSTER SETSLOT", self._slot, "MIGRATING", ids[self.target.name])

    async def carry(self, key: str) -> None:
        await self.source.execute_command("MIGRATE", self.target.host, self.target.port, key, 0, 5_000)

    async def arrive(self) -> None:
        for key in await self.source.execute_command("CLUSTER GETKEYSINSLOT", self._slot, 1_000):
            await self.carry(key)
        owner = (await self._ids())[self.target.name]
        for node in (self.target, *self._client.get_primaries()):
            await node.execute_command("CLUSTER SETSLOT", self._slot, "NODE", owner)

    async def _ids(self) -> dict[str, str]:
        return {
            node.name: (await node.execute_command("CLUSTER MYID")).decode() for node in self._client.get_primaries()
        }
