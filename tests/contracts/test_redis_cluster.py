"""What a Redis Cluster adds: shards on several nodes, of which one may lack a script, evict, or be on the move."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import RedisCluster

from expansion_signals.errors import RejectedState, StateUnavailable
from expansion_signals.model.batches import Applied
from expansion_signals.model.instants import DAY
from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.inspection import Inspection
from expansion_signals.state.keys import shard_keys, shard_of
from expansion_signals.state.redis import RedisStore
from outside.deployment import CONFIGURATION
from sample_batches import ACCOUNT, CALLS, ELSEWHERE, SHARDS, apply, asked, move, poll

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from redis.asyncio.cluster import ClusterNode

    from servers.redis import RedisProcess
    from servers.redis_cluster import RedisClusterProcesses

HERE = shard_of(ACCOUNT, SHARDS)


@asynccontextmanager
async def opened(url: str, prefix: str) -> AsyncIterator[RedisCluster]:
    """Return a client of the Cluster where the deployment is open."""
    client = connect(url)
    try:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        assert isinstance(client, RedisCluster)
        yield client
    finally:
        await client.aclose()


@pytest.fixture
async def client(cluster_url: str, prefix: str) -> AsyncIterator[RedisCluster]:
    async with opened(cluster_url, prefix) as client:
        yield client


def store_of(client: RedisCluster, prefix: str) -> RedisStore:
    return RedisStore(client, prefix=prefix, shards=SHARDS, window=DAY)


def home(client: RedisCluster, prefix: str, account: str = ACCOUNT) -> ClusterNode:
    node = client.get_node_from_key(shard_keys(prefix, shard_of(account, SHARDS)).state)
    assert node is not None
    return node


async def test_the_shards_of_a_deployment_are_on_several_nodes(client: RedisCluster, prefix: str) -> None:
    assert home(client, prefix).name != home(client, prefix, ELSEWHERE).name


async def test_a_script_lost_on_one_node_is_loaded_again_while_another_node_applies(
    client: RedisCluster, prefix: str
) -> None:
    store = store_of(client, prefix)
    await apply(store, poll(asked(move(1))))
    await client.execute_command("SCRIPT FLUSH", target_nodes=home(client, prefix))
    answers = await store.apply([poll(asked(move(1)), start=10, end=20), poll(asked(move(1), account=ELSEWHERE))])
    assert [type(answer) for answer in answers] == [Applied, Applied]


async def test_an_account_is_read_whole_by_who_has_not_asked_the_cluster_before(
    client: RedisCluster, cluster_url: str, prefix: str
) -> None:
    configuration = load({name: (CONFIGURATION / name).read_text() for name in ("catalog.yaml", "rules.yaml")})
    await Deployment(client, prefix=prefix, shards=SHARDS).accept(configuration)
    await apply(store_of(client, prefix), poll(asked(move(7))))
    reader = connect(cluster_url)
    try:
        standing = await Inspection(reader, prefix=prefix).account(ACCOUNT, [])
    finally:
        await reader.aclose()
    assert standing.levels == {CALLS: 7}


async def test_eviction_on_one_node_of_several_is_refused(client: RedisCluster, prefix: str) -> None:
    node = home(client, prefix, ELSEWHERE)
    await node.execute_command("CONFIG SET", "maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(RejectedState, match="maxmemory-policy allkeys-lru"):
            await Deployment(client, prefix=prefix, shards=SHARDS).open()
    finally:
        await node.execute_command("CONFIG SET", "maxmemory-policy", "noeviction")


async def test_one_node_named_as_if_it_were_all_is_refused(client: RedisCluster, prefix: str) -> None:
    node = client.get_random_node()
    with pytest.raises(RejectedState, match=r"redis\+cluster://host:port"):
        async with opened(f"redis://{node.host}:{node.port}", prefix):
            pass


async def test_a_redis_that_is_no_cluster_is_refused_as_one(new_redis: Callable[[], RedisProcess], prefix: str) -> None:
    with pytest.raises(RejectedState, match="Redis is no Cluster"):
        async with opened(f"redis+cluster://127.0.0.1:{new_redis().port}", prefix):
            pass


async def test_any_node_of_several_that_are_named_is_enough(cluster_url: str, prefix: str) -> None:
    async with opened(cluster_url.replace("//", "//127.0.0.1:1,"), prefix) as client:
        assert len(client.get_primaries()) == 3


async def test_no_node_that_answers_may_pass(prefix: str) -> None:
    with pytest.raises(StateUnavailable, match="the Redis Cluster does not answer"):
        async with opened("redis+cluster://127.0.0.1:1", prefix):
            pass


async def test_a_shard_on_its_way_to_another_node_refuses_for_now_and_counts_on_where_it_arrives(
    own_cluster: RedisClusterProcesses, prefix: str
) -> None:
    async with opened(own_cluster.url, prefix) as client:
        store = store_of(client, prefix)
        await apply(store, poll(asked(move(1))))
        source, target = home(client, prefix), home(client, prefix, ELSEWHERE)
        slot = client.keyslot(shard_keys(prefix, HERE).state)
        ids = [(await node.execute_command("CLUSTER MYID")).decode() for node in (source, target)]
        await target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[0])
        await source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[1])
        first, *others = await source.execute_command("CLUSTER GETKEYSINSLOT", slot, 1_000)
        await source.execute_command("MIGRATE", target.host, target.port, first, 0, 5_000)
        with pytest.raises(StateUnavailable, match="Redis cannot serve now"):
            await apply(store, poll(asked(move(1)), start=10, end=20))
        for key in others:
            await source.execute_command("MIGRATE", target.host, target.port, key, 0, 5_000)
        for node in (target, source):
            await node.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[1])
        assert isinstance(await apply(store, poll(asked(move(1)), start=10, end=20)), Applied)


async def test_whom_a_cluster_does_not_let_in_is_told_so(cluster_url: str, prefix: str) -> None:
    client = connect(cluster_url.replace("://", "://nobody:s3cret@"))
    try:
        with pytest.raises(RejectedState, match="Redis does not let us in: invalid username-password") as refused:
            await Deployment(client, prefix=prefix, shards=SHARDS).open()
    finally:
        await client.aclose()
    assert "s3cret" not in str(refused.value)
