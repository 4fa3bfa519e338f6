"""How the janitor walks over Redis, and that nothing is dropped that has changed since it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.batches import Range
from expansion_signals.model.changes import See
from expansion_signals.model.instants import day_of, hour_of
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.expiration import Expiration, Reached
from expansion_signals.state.keys import ShardKeys, shard_keys, shard_of
from expansion_signals.state.scanning import Scan
from expansion_signals.state.scripts import Scripts
from kept_state import WHOLE_WALK, KeptInRedis
from sample_batches import ACCOUNT, CALLS, NOW, PARTITION, SHARDS, apply, asked, hour_move, moved_by, poll
from swept import NODES, USERS, sweep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from expansion_signals.state.connection import Connection

pytestmark = pytest.mark.servers

HERE = shard_of(ACCOUNT, SHARDS)
TOPICS = ["usage-events"]
MANY_STEPS = 30_000
"""More than a walk over a test's server has, whatever other tests have left on it."""


@pytest.fixture(params=["redis_url", "cluster_url"])
async def client(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Connection]:
    client = connect(request.getfixturevalue(request.param))
    await Deployment(client, prefix=prefix, shards=SHARDS).open()
    yield client
    await client.aclose()


@pytest.fixture
def kept(client: Connection, prefix: str) -> KeptInRedis:
    return KeptInRedis(client, prefix, SHARDS)


@pytest.fixture
def keys(prefix: str) -> ShardKeys:
    return shard_keys(prefix, HERE)


async def counted(kept: KeptInRedis, *members: int) -> None:
    await apply(kept.store, poll(asked(moved_by(See(members), counter=USERS, watched=False))))


# ------------------------------------------------------------------------------------------------ the walk


async def test_a_walk_of_small_steps_meets_every_key(client: Connection, prefix: str, keys: ShardKeys) -> None:
    accounts = {f"account:{number}" for number in range(40)}
    for account in accounts:
        await client.hset(keys.account(account), "q", "0")
    scan = Scan(client, prefix=prefix, count=7)
    met: set[str] = set()
    for _ in range(MANY_STEPS):
        met |= {key.rest for key in await scan.step() if (key.shard, key.kind) == (HERE, "a")}
        if met == accounts:
            break
    assert met == accounts


async def test_keys_of_the_deployment_and_of_other_prefixes_are_passed_over(client: Connection, prefix: str) -> None:
    await client.hset(shard_keys(f"{prefix}x", 0).account(ACCOUNT), "q", "0")
    scan = Scan(client, prefix=prefix, count=WHOLE_WALK)
    found = [key for _ in range(NODES) for key in await scan.step()]
    assert {key.kind for key in found} == {"m"}


# ------------------------------------------------------------------------------------------------- orphans


async def test_members_without_a_counter_go(kept: KeptInRedis, client: Connection, keys: ShardKeys) -> None:
    await counted(kept, 1, 2)
    await client.hdel(keys.account(ACCOUNT), *await client.hkeys(keys.account(ACCOUNT)))
    await sweep(kept)
    assert await client.exists(keys.members(ACCOUNT, USERS)) == 0


async def test_members_with_a_counter_stay(kept: KeptInRedis, client: Connection, keys: ShardKeys) -> None:
    await counted(kept, 1, 2)
    await sweep(kept)
    assert await client.scard(keys.members(ACCOUNT, USERS)) == 2


async def test_members_of_an_account_with_colons_stay(kept: KeptInRedis, client: Connection, prefix: str) -> None:
    account = next(
        f"{ACCOUNT}:users:{number}" for number in range(99) if shard_of(f"{ACCOUNT}:users:{number}", SHARDS) == HERE
    )
    await apply(kept.store, poll(asked(moved_by(See((1,)), counter=USERS, watched=False), account=account)))
    await sweep(kept)
    assert await client.scard(shard_keys(prefix, HERE).members(account, USERS)) == 1


@pytest.mark.parametrize("kind", ["sketch", "shares"])
async def test_a_sketch_and_shares_without_a_counter_go(
    kept: KeptInRedis, client: Connection, keys: ShardKeys, kind: str
) -> None:
    await counted(kept, 1)
    orphan = getattr(keys, kind)("acct-gone", USERS)
    await client.hset(orphan, "a", "1")
    await sweep(kept)
    assert await client.exists(orphan) == 0


async def test_members_of_an_hour_stay_with_its_bucket(kept: KeptInRedis, client: Connection, keys: ShardKeys) -> None:
    hour = hour_move(hour_of(NOW))._replace(meter="users", firing=See((1, 2)))
    await apply(kept.store, poll(asked(hours=[hour])))
    orphan, held = (keys.hour_members(ACCOUNT, "users", hour_of(NOW) - back, 1) for back in (1, 0))
    await client.sadd(orphan, 1)
    await sweep(kept)
    assert [await client.exists(orphan), await client.exists(held)] == [0, 1]


# ---------------------------------------------------------------------------------- days of members

TODAY = day_of(NOW)


async def reach_today(kept: KeptInRedis) -> None:
    await apply(kept.store, poll(ranges=(Range(PARTITION, None, 10, NOW),)))


async def test_members_last_seen_62_days_ago_go(kept: KeptInRedis, client: Connection, keys: ShardKeys) -> None:
    await reach_today(kept)
    await client.hset(keys.last_seen(ACCOUNT, "users"), mapping={"1": TODAY - 62, "2": TODAY - 61})
    await sweep(kept)
    assert await client.hgetall(keys.last_seen(ACCOUNT, "users")) == {b"2": str(TODAY - 61).encode()}


async def test_sketches_of_days_62_days_ago_go(kept: KeptInRedis, client: Connection, keys: ShardKeys) -> None:
    await reach_today(kept)
    await client.hset(keys.last_seen(ACCOUNT, "users"), "sketched", "1")
    for day in (TODAY - 62, TODAY - 61):
        await client.pfadd(keys.seen_on(ACCOUNT, "users", day), 1)
    await sweep(kept)
    days = [await client.exists(keys.seen_on(ACCOUNT, "users", day)) for day in (TODAY - 62, TODAY - 61)]
    assert (days, await client.exists(keys.last_seen(ACCOUNT, "users"))) == ([0, 1], 1)


async def test_that_sketches_count_goes_with_the_last_of_them(
    kept: KeptInRedis, client: Connection, keys: ShardKeys
) -> None:
    await reach_today(kept)
    await client.hset(keys.last_seen(ACCOUNT, "users"), "sketched", "1")
    await sweep(kept)
    assert await client.exists(keys.last_seen(ACCOUNT, "users")) == 0


# ------------------------------------------------------------------------- changed since it was judged


@pytest.fixture
async def expiration(kept: KeptInRedis, keys: ShardKeys) -> Expiration:
    """What drops the level that was read, judged at NOW."""
    await apply(kept.store, poll(asked(moved_by(See((1,)), counter=CALLS, watched=False))))
    expiration = Expiration(keys, Reached(TOPICS, NOW))
    expiration.same(keys.account(ACCOUNT), {"1:1793491200": "1", "q": None})
    expiration.absent([keys.hours(ACCOUNT, TODAY)])
    expiration.drop_whole([keys.account(ACCOUNT)])
    return expiration


async def expired(client: Connection, expiration: Expiration) -> list[int]:
    return await Scripts(client).call("expire", [expiration.call()])


async def test_what_stands_as_it_was_read_is_dropped(client: Connection, expiration: Expiration) -> None:
    assert await expired(client, expiration) == [1]


async def test_a_level_that_has_moved_stays(client: Connection, keys: ShardKeys, expiration: Expiration) -> None:
    await client.hset(keys.account(ACCOUNT), "1:1793491200", "2")
    assert (await expired(client, expiration), await client.exists(keys.account(ACCOUNT))) == ([0], 1)


async def test_an_account_with_a_new_fact_stays(client: Connection, keys: ShardKeys, expiration: Expiration) -> None:
    await client.hset(keys.account(ACCOUNT), "q", "1")
    assert await expired(client, expiration) == [0]


async def test_what_has_hour_buckets_by_now_stays(client: Connection, keys: ShardKeys, expiration: Expiration) -> None:
    await client.hset(keys.hours(ACCOUNT, TODAY), "1.0a", "1")
    assert await expired(client, expiration) == [0]


async def test_a_shard_that_was_rolled_back_keeps_it(
    client: Connection, keys: ShardKeys, expiration: Expiration
) -> None:
    await client.hset(keys.watermarks, f"{PARTITION}|t", str(NOW - 1))
    assert await expired(client, expiration) == [0]


async def test_a_partition_that_came_since_holds_it_back(
    client: Connection, keys: ShardKeys, expiration: Expiration
) -> None:
    await client.hset(keys.watermarks, "usage-events/7", "3")
    assert await expired(client, expiration) == [0]
