"""How decisions stand in Redis: small, and together with their shard."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from expansion_signals.decide.decided import Entry, Key, Reservation, Reserved, ShardReservation
from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.keys import shard_keys, shard_of
from expansion_signals.state.policy import RedisPolicy
from sample_batches import ACCOUNT, NOW, PARTITION, SHARDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SHARD = shard_of(ACCOUNT, SHARDS)
LONGEST = Key("f" * 16, Decimal(LARGEST).scaleb(-9))
FURTHEST = Entry("suppressed", "f" * 8, f"99999:{LARGEST}", (NOW + 100 * 365 * DAY) // HOUR * HOUR)


@pytest.fixture
async def client(redis_url: str, prefix: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as connected:
        await Deployment(connected, prefix=prefix, shards=SHARDS).open()
        yield connected


@pytest.fixture
def policy(client: Redis, prefix: str) -> RedisPolicy:
    return RedisPolicy(client, prefix=prefix, shards=SHARDS)


async def remember(policy: RedisPolicy, *keys: Key) -> None:
    reservation = Reservation(ACCOUNT, 0, dict.fromkeys(keys, FURTHEST))
    assert await policy.reserve([ShardReservation(SHARD, {PARTITION: None}, [reservation])]) == [Reserved([])]


@pytest.fixture
def key(prefix: str) -> str:
    return shard_keys(prefix, SHARD).policy(ACCOUNT)


async def test_no_field_and_no_value_is_longer_than_64_bytes(policy: RedisPolicy, client: Redis, key: str) -> None:
    await remember(policy, LONGEST)
    fields = await client.hgetall(key)
    assert [part for pair in fields.items() for part in pair if len(part) > 64] == []


async def test_what_is_decided_keeps_its_compact_form(policy: RedisPolicy, client: Redis, key: str) -> None:
    await remember(policy, *(LONGEST._replace(step=Decimal(step)) for step in range(400)))
    assert await client.object("ENCODING", key) in (b"listpack", b"ziplist")


async def test_all_keys_share_the_hash_tag_of_the_shard(policy: RedisPolicy, client: Redis, prefix: str) -> None:
    await remember(policy, LONGEST)
    keys = [key async for key in client.scan_iter(match=f"{prefix}*:d:*")]
    assert keys == [f"{prefix}es:{{{SHARD}}}:d:{ACCOUNT}".encode()]


async def test_a_script_lost_in_a_restart_is_loaded_again(policy: RedisPolicy, client: Redis) -> None:
    await policy.reserve([ShardReservation(SHARD, {PARTITION: None}, [])])
    await client.script_flush()
    await remember(policy, LONGEST)
    assert LONGEST in (await policy.decided([ACCOUNT]))[ACCOUNT].entries
