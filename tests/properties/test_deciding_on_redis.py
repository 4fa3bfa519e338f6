"""The same deciding on a real Redis: a crash around every outside call."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from decided_once import decisions, made, poisoned
from expansion_signals.model.instants import DAY
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.policy import RedisPolicy
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from simulated_deciders import DecidingWorld, crashed
from simulated_deciding import MIXED, SHARDS, SignalsTopic


@pytest.mark.parametrize("turns", range(14))
@pytest.mark.parametrize("last", [0, 1], ids=["before", "after"])
async def test_a_crash_around_any_outside_call_loses_nothing_and_changes_no_id(
    turns: int, last: int, redis_url: str, prefix: str
) -> None:
    async with Redis.from_url(redis_url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        store = RedisStore(client, prefix=prefix, shards=SHARDS, window=DAY)
        world = DecidingWorld(
            SignalsTopic.of(MIXED),
            store=store,
            policy=RedisPolicy(client, prefix=prefix, shards=SHARDS),
            shards=RedisShards(client, prefix=prefix, shards=SHARDS),
        )
        await crashed(world, turns, last)
    assert (made(world), set(world.published.letters)) == (set(decisions(world.topic)), poisoned(world))
