"""A state of two months in Redis: what stands there is compact, and a poll asks for no more than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from outside.full_state import SHARDS, FullState, Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ACCOUNTS, IDENTITIES_A_DAY = 60, 200_000
LONGEST_VALUE, MOST_FIELDS = 64, 500


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def state(redis: Redis, prefix: str) -> FullState:
    return await FullState.made(redis, prefix, ACCOUNTS, IDENTITIES_A_DAY)


async def script_calls(redis: Redis) -> int:
    return int((await redis.info("commandstats"))["cmdstat_evalsha"]["calls"])


async def test_a_poll_is_at_most_one_script_call_for_each_shard(redis: Redis, state: FullState) -> None:
    await state.absorb(state.poll(Kind.TIMED))
    poll = state.poll(Kind.TIMED)
    before = await script_calls(redis)
    await state.absorb(poll)
    assert 0 < await script_calls(redis) - before <= SHARDS


async def test_every_hash_and_every_set_keeps_its_compact_form(redis: Redis, prefix: str, state: FullState) -> None:
    for kind in Kind:
        await state.fill_identities(kind)
        await state.absorb(state.poll(kind))
    found = set()
    async for key in redis.scan_iter(match=f"{prefix}*", count=1_000):
        encoding = await redis.object("encoding", key)
        if encoding not in {b"listpack", b"intset", b"embstr", b"raw", b"int"}:
            found.add((key, encoding))
    assert {place for place in found if b"{deployment}" not in place[0]} == set()


async def test_no_hash_has_long_values_or_many_fields(redis: Redis, prefix: str, state: FullState) -> None:
    await state.absorb(state.poll(Kind.PLAIN))
    large = []
    async for key in redis.scan_iter(match=f"{prefix}es:{{[0-9]*", _type="hash", count=1_000):
        values = await redis.hvals(key)
        if len(values) > MOST_FIELDS or max(map(len, values)) > LONGEST_VALUE:
            large.append(key)
    assert large == []
