"""What accounts used on the days before: 62 day buckets for each meter, written through the worker's own store."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from benchmarks.workload import METERS
from expansion_signals.model.batches import AccountBatch, Applied, DayMove, ShardBatch
from expansion_signals.model.changes import Add
from expansion_signals.model.instants import DAY, SECOND, day_of
from expansion_signals.state.keys import shard_of
from expansion_signals.state.redis import RedisStore

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS = 62
SHARDS = 64
FIRST_EPOCH = 1
LARGEST_DAY = 5_000


def fill_days(url: str, prefix: str, accounts: Sequence[str]) -> None:
    """Write the day buckets of accounts whose profiles are known; no worker may run meanwhile."""
    asyncio.run(_fill(url, prefix, accounts))


async def _fill(url: str, prefix: str, accounts: Sequence[str]) -> None:
    async with Redis.from_url(url) as redis:
        store = RedisStore(redis, prefix=prefix, shards=SHARDS, window=DAY)
        draw = random.Random(7)  # noqa: S311 -- a load, not a secret
        today = day_of(round(time.time() * SECOND))
        before = range(today - DAYS, today)
        profiles = await store.profiles(accounts)
        by_shard: dict[int, list[AccountBatch]] = {shard: [] for shard in range(SHARDS)}
        for account in accounts:
            if profiles[account] is None:
                raise RuntimeError(f"the worker has not taken the profile of {account}")
            days = [DayMove(meter, day, Add(draw.randint(1, LARGEST_DAY))) for day in before for meter in METERS]
            by_shard[shard_of(account, SHARDS)].append(AccountBatch(account, profiles[account], days=days))
        for shard, batches in by_shard.items():
            (answer,) = await store.apply([ShardBatch(shard, FIRST_EPOCH, uuid.uuid4().hex, (), (), batches)])
            if not isinstance(answer, Applied):
                raise TypeError(f"the state did not take the days before: {answer}")
