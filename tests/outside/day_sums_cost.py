"""What it costs to sum up a shard's day: `python tests/outside/day_sums_cost.py REDIS_URL [--accounts 20000]`.

Figures, not claims: nothing is asserted. All accounts are in one shard and on one plan, each with 62 days of three
meters of log-normal amounts. The database should hold nothing else; what was written is removed again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from typing import TYPE_CHECKING, Any

from expansion_signals.model.batches import Applied, DayMove, ShardBatch
from expansion_signals.model.changes import Add
from expansion_signals.model.instants import DAY, day_of
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.due import RedisDue
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.redis import RedisStore
from outside.state_cost import cpu_seconds
from sample_batches import NOW, asked, change, profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

PREFIX = "day-sums-cost."
METERS = ("calls", "exports", "rows")
DAYS, ACCOUNTS_A_POLL = 62, 500
TODAY = day_of(NOW)


async def fill(redis: Redis, accounts: int) -> None:
    """Write profiles and day buckets of so many accounts."""
    draw = random.Random(7)  # noqa: S311 -- a load, not a secret
    await Deployment(redis, prefix=PREFIX, shards=1).open()
    store = RedisStore(redis, prefix=PREFIX, shards=1, window=DAY)
    for first in range(0, accounts, ACCOUNTS_A_POLL):
        batches = [
            asked(
                account=f"acct-{number}",
                change=change(profile(1)),
                look=NOW,
                days=[
                    DayMove(meter, TODAY - back, Add(1 + int(draw.lognormvariate(6, 2))))
                    for meter in METERS
                    for back in range(DAYS)
                ],
            )
            for number in range(first, min(first + ACCOUNTS_A_POLL, accounts))
        ]
        (answer,) = await store.apply([ShardBatch(0, 1, f"n{first}", (), accounts=batches)])
        assert isinstance(answer, Applied), answer


async def measure(url: str, accounts: int) -> Mapping[str, Any]:
    """Return all figures."""
    async with connect(url) as redis:
        try:
            await fill(redis, accounts)
            due, steps, done = RedisDue(redis, prefix=PREFIX, shards=1), [], False
            of_redis, of_python = await cpu_seconds(redis), time.process_time()
            while not done:
                began = time.perf_counter()
                done = await due.sum_up(0, TODAY)
                steps.append(time.perf_counter() - began)
            of_redis, of_python = await cpu_seconds(redis) - of_redis, time.process_time() - of_python
            kept = await redis.strlen(shard_keys(PREFIX, 0).used)
            return {
                "accounts": accounts,
                "steps": len(steps),
                "seconds in all": round(sum(steps), 2),
                "longest step, ms": round(max(steps) * 1e3),
                "python µs an account": round(of_python / accounts * 1e6, 1),
                "redis µs an account": round(of_redis / accounts * 1e6, 1),
                "bytes kept": kept,
                "bytes kept a meter": kept // len(METERS),
            }
        finally:
            keys = [key async for key in redis.scan_iter(match=f"{PREFIX}*", count=5_000)]
            for place in range(0, len(keys), 5_000):
                await redis.unlink(*keys[place : place + 5_000])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("redis")
    parser.add_argument("--accounts", type=int, default=20_000)
    asked_for = parser.parse_args()
    figures = asyncio.run(measure(asked_for.redis, asked_for.accounts))
    print(json.dumps(figures, indent=2, ensure_ascii=False))  # noqa: T201 -- what it is for


if __name__ == "__main__":
    main()
