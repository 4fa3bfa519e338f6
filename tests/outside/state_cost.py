"""What the state costs in Redis, of a state that is full: `python tests/outside/state_cost.py REDIS_URL`.

Figures, not claims: nothing is asserted. Metering itself reads polls of 4,000 records, in the form they have in Kafka,
with the sample's kind of configuration: 10,000 accounts, Zipf-distributed, three meters with thresholds, 64 shards, 12
partitions, 62 days of day buckets, and a day of identities at ten million a day. Only what Redis and this process
compute is measured, never how long it took. The database should hold nothing else; what was written is removed again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from typing import TYPE_CHECKING, Any

from expansion_signals.state.connection import connect
from outside.full_state import METERS, FullState, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

PREFIX = "state-cost."
KINDS = {
    "a": "accounts",
    "p": "profiles",
    "b": "day buckets",
    "u": "sets of members",
    "y": "sketches",
    "i": "identities",
    "c": "checks",
}
MEMBERS = 60


async def cpu_seconds(redis: Redis) -> float:
    """Return what Redis has computed so far, its background threads among it."""
    used = await redis.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


async def memory(redis: Redis) -> dict[str, tuple[int, int]]:
    """Return keys and bytes by kind of key, as `MEMORY USAGE` has them."""
    found = dict.fromkeys([*KINDS.values(), "others"], (0, 0))
    keys = [key async for key in redis.scan_iter(match=f"{PREFIX}*", count=5_000)]
    for place in range(0, len(keys), 5_000):
        piece = keys[place : place + 5_000]
        pipeline = redis.pipeline(transaction=False)
        for key in piece:
            pipeline.execute_command("MEMORY USAGE", key, "SAMPLES", 0)
        for key, size in zip(piece, await pipeline.execute(), strict=True):
            kind = KINDS.get("".join(key.decode().split(":")[2:3]), "others")
            keys_of, bytes_of = found[kind]
            found[kind] = (keys_of + 1, bytes_of + size)
    return found


async def polls(redis: Redis, state: FullState, kind: Kind, rounds: int) -> Mapping[str, Any]:
    """Return what an event costs, the median of so many polls; the first two are not looked at."""
    redis_micros, python_micros, store_micros = [], [], []
    calls_before = calls = 0
    for turn in range(rounds + 2):
        poll = state.poll(kind)
        if turn == 2:
            calls_before = state.applied
        before, store_before, python_before = await cpu_seconds(redis), state.store_seconds, time.process_time()
        await state.absorb(poll)
        python_micros.append((time.process_time() - python_before) / len(poll.records) * 1e6)
        store_micros.append((state.store_seconds - store_before) / len(poll.records) * 1e6)
        redis_micros.append((await cpu_seconds(redis) - before) / len(poll.records) * 1e6)
        calls = state.applied
    return {
        "redis µs an event": round(statistics.median(redis_micros[2:]), 2),
        "redis µs an event, least and most": [round(min(redis_micros[2:]), 2), round(max(redis_micros[2:]), 2)],
        "python µs an event, all of metering": round(statistics.median(python_micros[2:]), 2),
        "python µs an event, the store alone": round(statistics.median(store_micros[2:]), 2),
        "script calls a poll and shard": round((calls - calls_before) / rounds / state.shards, 3),
    }


async def measure(url: str, accounts: int, rounds: int, identities_a_day: int) -> Mapping[str, Any]:
    """Return all figures."""
    async with connect(url) as redis:
        began = time.perf_counter()
        try:
            state = await FullState.made(redis, PREFIX, accounts, identities_a_day)
            found = await memory(redis)
            of_accounts = {kind: found[kind] for kind in ("accounts", "profiles", "day buckets")}
            figures: dict[str, Any] = {
                "accounts": accounts,
                "meters": len(METERS),
                "bytes an account": {kind: round(size / accounts) for kind, (_, size) in of_accounts.items()}
                | {"all": round(sum(size for _, size in of_accounts.values()) / accounts)},
                f"bytes of a set of {MEMBERS} members": await state.bytes_of_members(MEMBERS),
            }
            for kind in Kind:
                await state.fill_identities(kind)
                figures[kind.value] = dict(await polls(redis, state, kind, rounds))
            found = await memory(redis)
            remembered = await state.identities()
            size = found["identities"][1] + found["checks"][1]
            figures |= {"identities": remembered, "bytes an identity": round(size / remembered, 1)}
            return figures | {"seconds in all": round(time.perf_counter() - began)}
        finally:
            await remove(redis)


async def remove(redis: Redis) -> None:
    """Remove everything under the prefix."""
    keys = [key async for key in redis.scan_iter(match=f"{PREFIX}*", count=5_000)]
    for place in range(0, len(keys), 5_000):
        await redis.unlink(*keys[place : place + 5_000])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("redis")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--polls", type=int, default=15)
    parser.add_argument("--identities-a-day", type=int, default=10_000_000)
    asked = parser.parse_args()
    figures = asyncio.run(measure(asked.redis, asked.accounts, asked.polls, asked.identities_a_day))
    print(json.dumps(figures, indent=2, ensure_ascii=False))  # noqa: T201 -- what it is for


if __name__ == "__main__":
    main()
