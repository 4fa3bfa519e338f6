"""Counting in Redis, in pipelines: SET NX to deduplicate, HINCRBY to count, SADD to remember.

Two round trips, however many events: what is new must be known before it is counted. A crash between the two
loses them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from redis.asyncio import Redis
from usage import Usage, crossed

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY_SECONDS = 86_400


class Crossed(NamedTuple):
    """A threshold that was passed for the first time."""

    usage: Usage
    threshold: str
    level: int


def connect() -> Redis:
    """Return a client; hiredis is installed, so answers are read by it."""
    return Redis.from_url(os.environ["BENCH_REDIS"])


async def count(redis: Redis, usages: Sequence[Usage]) -> list[Crossed]:
    """Count what is not counted yet, and return the thresholds that it passes."""
    async with redis.pipeline(transaction=False) as pipeline:
        for usage in usages:
            pipeline.set(f"seen:{usage.subject}:{usage.source}:{usage.id}", 1, nx=True, ex=DAY_SECONDS)
        new = [usage for usage, was_set in zip(usages, await pipeline.execute(), strict=True) if was_set]
    if not new:
        return []
    async with redis.pipeline(transaction=False) as pipeline:
        for usage in new:
            account, use = usage.subject, usage.data
            pipeline.hincrby(f"months:{account}:{usage.month}", use.meter, use.value)
            pipeline.hincrby(f"days:{account}:{usage.day}", use.meter, use.value)
            pipeline.sadd(f"users:{account}:{usage.month}", use.user)
        levels = (await pipeline.execute())[::3]
    passed = [
        Crossed(usage, threshold, level)
        for usage, level in zip(new, levels, strict=True)
        for threshold in crossed(usage, level - usage.data.value, level)
    ]
    return [each for each in passed if await redis.sadd(f"fired:{each.usage.subject}:{each.usage.month}", _mark(each))]


def _mark(found: Crossed) -> str:
    return f"{found.usage.data.meter}:{found.threshold}"
