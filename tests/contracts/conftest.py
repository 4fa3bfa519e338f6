"""Both stores: each contract is held by the one in memory and by the one in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from expansion_signals.state.deployment import Deployment
from kept_state import Kept, KeptInMemory, KeptInRedis, WholeStore
from sample_batches import SHARDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    """The state of a deployment that was just opened."""
    if request.param == "memory":
        yield KeptInMemory(SHARDS)
        return
    url, prefix = request.getfixturevalue("redis_url"), request.getfixturevalue("prefix")
    async with Redis.from_url(url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        yield KeptInRedis(client, prefix, SHARDS)


@pytest.fixture
def store(kept: Kept) -> WholeStore:
    return kept.store
