"""The state in the middle of a month: profiles with limits, a counter for each meter, and 62 days of what was used.

Profiles and counters come by the worker itself, the days through its store.

An account goes on as it always did, give or take a tenth, so no trend fires and nothing is held back because of one.
Its days have been looked at and summed up, as on any day some time after midnight: the next look is when today closes.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

from benchmarks.ours import create_topics, worker_of
from benchmarks.producing import produce
from benchmarks.stage import Beginning
from benchmarks.workload import METERS
from expansion_signals.model.batches import AccountBatch, Applied, DayMove, ShardBatch
from expansion_signals.model.changes import Add
from expansion_signals.model.instants import DAY, HOUR, SECOND, day_of
from expansion_signals.state.keys import shard_keys, shard_of
from expansion_signals.state.redis import RedisStore
from outside.product import profile_event, usage_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.stage import Stage

PLAN = "team"
DAYS = 62
SHARDS = 64
SUMMED_UP_SECONDS = 60
FIRST_EPOCH = 1
LARGEST_DAY = 5_000
UNEVEN = 0.1


def made(stage: Stage, folder: Path) -> Beginning:
    """Make the state, and keep it in a folder."""
    create_topics(stage)
    limits = stage.workload.limits
    _tell(stage, "account-updates", [profile_event(name, PLAN, 1, limits=own) for name, own in limits.items()])
    with worker_of(stage) as worker:
        worker.run_dry(0.5)
        # Nothing was used yet, but there is something to add to: as for all but the first event of a month.
        _tell(stage, "usage-events", [usage_event(name, 0, meter=meter) for name in limits for meter in METERS])
        worker.run_dry(0.5)
    fill_days(stage.redis.url, stage.prefix, list(limits))
    _sum_up_yesterday(stage)
    stage.redis.save(folder)
    return Beginning(stage.prefix, folder)


def _sum_up_yesterday(stage: Stage) -> None:
    """Have the worker do what it does once a day: sum up what all accounts used."""
    keys = [shard_keys(stage.prefix, shard).used for shard in range(SHARDS)]
    stage.redis.client.delete(*keys)
    with worker_of(stage).start() as worker:
        until(
            lambda: stage.redis.client.exists(*keys) == SHARDS,
            seconds=SUMMED_UP_SECONDS,
            waiting_for="yesterday to be summed up",
            pause_seconds=0.2,
        )
        worker.stop()


def _tell(stage: Stage, topic: str, events: Sequence[Mapping[str, Any]]) -> None:
    written = ((event["subject"].encode(), json.dumps(event).encode()) for event in events)
    produce(stage.kafka.bootstrap, stage.prefix + topic, written)


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
            usual = {meter: draw.randint(20, LARGEST_DAY) for meter in METERS}
            days = [
                DayMove(meter, day, Add(round(usual[meter] * draw.uniform(1 - UNEVEN, 1 + UNEVEN))))
                for day in before
                for meter in METERS
            ]
            batch = AccountBatch(account, profiles[account], days=days, look=(today + 1) * DAY + HOUR)
            by_shard[shard_of(account, SHARDS)].append(batch)
        for shard, batches in by_shard.items():
            (answer,) = await store.apply([ShardBatch(shard, FIRST_EPOCH, uuid.uuid4().hex, (), (), batches)])
            if not isinstance(answer, Applied):
                raise TypeError(f"the state did not take the days before: {answer}")
