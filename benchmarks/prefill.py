"""The state in the middle of a month: profiles with limits, a counter for each meter, and 62 days of what was used.

Profiles and counters come by the worker itself, the days and their sums through its store: the worker sums up a few
shards a second, which is a quarter of a minute of waiting.

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

from benchmarks.ours import create_topics, worker_of
from benchmarks.producing import produce
from benchmarks.stage import Beginning
from benchmarks.workload import METERS
from expansion_signals.model.batches import AccountBatch, Applied, DayMove, ShardBatch
from expansion_signals.model.changes import Add
from expansion_signals.model.instants import DAY, HOUR, SECOND, day_of
from expansion_signals.pipeline.looks import last_closed
from expansion_signals.state.connection import connect
from expansion_signals.state.due import RedisDue
from expansion_signals.state.keys import shard_keys, shard_of
from expansion_signals.state.redis import RedisStore
from outside.product import profile_event, usage_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from redis.asyncio import Redis

    from benchmarks.stage import Stage
    from benchmarks.workload import Limits
    from outside.worker import Worker

PLAN = "team"
DAYS = 62
SHARDS = 64
READ_SECONDS, ACCOUNTS_A_SECOND = 120, 500
ACCOUNTS_AT_ONCE = 10_000
FIRST_EPOCH = 1
LARGEST_DAY = 5_000
UNEVEN = 0.1


def made(stage: Stage, folder: Path) -> Beginning:
    """Make the state, and keep it in a folder."""
    create_topics(stage)
    limits = stage.workload.limits
    _tell(stage, "account-updates", profiles(limits))
    with worker_of(stage) as worker:
        _run_dry(worker, len(limits))
        # Nothing was used yet, but there is something to add to: as for all but the first event of a month.
        _tell(stage, "usage-events", nothing_used(limits))
        _run_dry(worker, len(limits))
    fill_days(stage.redis.url, stage.prefix, list(limits))
    stage.redis.save(folder)
    return Beginning(stage.prefix, folder)


def profiles(limits: Limits) -> Iterator[Mapping[str, Any]]:
    """Yield what billing says of each account."""
    return (profile_event(name, PLAN, 1, limits=own) for name, own in limits.items())


def nothing_used(accounts: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Yield an event of 0 for each account and meter."""
    return (usage_event(name, 0, meter=meter) for name in accounts for meter in METERS)


def _run_dry(worker: Worker, accounts: int) -> None:
    """Have the worker read all there is."""
    code = worker.start("--once-idle", "0.5").ended(READ_SECONDS + accounts / ACCOUNTS_A_SECOND)
    if code:
        raise RuntimeError(f"the worker ended with {code}")


def _tell(stage: Stage, topic: str, events: Iterable[Mapping[str, Any]]) -> None:
    written = ((event["subject"].encode(), json.dumps(event).encode()) for event in events)
    produce(stage.kafka.bootstrap, stage.prefix + topic, written)


def fill_days(url: str, prefix: str, accounts: Sequence[str]) -> None:
    """Write the day buckets of accounts whose profiles are known, and sum them up; no worker may run meanwhile."""
    asyncio.run(_fill(url, prefix, accounts))


async def _fill(url: str, prefix: str, accounts: Sequence[str]) -> None:
    async with connect(url) as redis:
        await fill(redis, prefix, accounts)
        await _sum_up_yesterday(redis, prefix)


async def fill(redis: Redis, prefix: str, accounts: Sequence[str]) -> None:
    """Write the day buckets, of some thousand accounts at a time."""
    store = RedisStore(redis, prefix=prefix, shards=SHARDS, window=DAY)
    draw = random.Random(7)  # noqa: S311 -- a load, not a secret
    today = day_of(round(time.time() * SECOND))
    before = range(today - DAYS, today)
    for place in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        piece = accounts[place : place + ACCOUNTS_AT_ONCE]
        known = await store.profiles(piece)
        by_shard: dict[int, list[AccountBatch]] = {shard: [] for shard in range(SHARDS)}
        for account in piece:
            if known[account] is None:
                raise RuntimeError(f"the worker has not taken the profile of {account}")
            usual = {meter: draw.randint(20, LARGEST_DAY) for meter in METERS}
            days = [
                DayMove(meter, day, Add(round(usual[meter] * draw.uniform(1 - UNEVEN, 1 + UNEVEN))))
                for day in before
                for meter in METERS
            ]
            batch = AccountBatch(account, known[account], days=days, look=(today + 1) * DAY + HOUR)
            by_shard[shard_of(account, SHARDS)].append(batch)
        for shard, batches in by_shard.items():
            (answer,) = await store.apply([ShardBatch(shard, FIRST_EPOCH, uuid.uuid4().hex, (), (), batches)])
            if not isinstance(answer, Applied):
                raise TypeError(f"the state did not take the days before: {answer}")


async def _sum_up_yesterday(redis: Redis, prefix: str) -> None:
    """Do what the worker does once a day: sum up what all accounts used."""
    # The worker that took the profiles has summed up the same day, of which nothing was there yet.
    await redis.delete(*(shard_keys(prefix, shard).used for shard in range(SHARDS)))
    due, yesterday = RedisDue(redis, prefix=prefix, shards=SHARDS), last_closed(round(time.time() * SECOND))
    for shard in range(SHARDS):
        while not await due.sum_up(shard, yesterday):
            pass
