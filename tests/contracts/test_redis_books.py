"""The books of a deployment in Redis: what the metrics page has of it, in one round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from expansion_signals.model.instants import DAY
from expansion_signals.state.books import RedisBooks
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from sample_batches import NOW, PARTITION, SHARDS, apply, asked, move, poll

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.servers


@pytest.fixture
async def client(redis_url: str, prefix: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        yield client


@pytest.fixture
def books(client: Redis, prefix: str) -> RedisBooks:
    return RedisBooks(client, prefix=prefix, shards=SHARDS)


async def test_a_new_deployment_has_nothing_in_its_books(books: RedisBooks) -> None:
    assert await books.read() == ({}, {}, {"metering": 0, "deciding": 0}, 0)


async def test_what_a_shard_has_applied_is_told_with_the_append_time_reached(
    client: Redis, prefix: str, books: RedisBooks
) -> None:
    await apply(RedisStore(client, prefix=prefix, shards=SHARDS, window=DAY), poll(asked(move(1))))
    found = await books.read()
    assert (found.tallies[PARTITION]["counted"], found.reached) == (1, {PARTITION: NOW})


async def test_a_shard_that_is_late_in_one_stage_is_told_in_that_one(
    client: Redis, prefix: str, books: RedisBooks
) -> None:
    await RedisShards(client, prefix=prefix, shards=SHARDS).delay([0], "deciding")
    assert (await books.read()).late == {"metering": 0, "deciding": 1}


async def test_a_shard_that_redis_does_not_hold_is_lost(client: Redis, prefix: str, books: RedisBooks) -> None:
    await client.delete(shard_keys(prefix, 1).state)
    assert (await books.read()).lost == 1
