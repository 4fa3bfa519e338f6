"""What it costs to decide a signal: `python tests/outside/deciding_cost.py REDIS_URL`.

Figures, not claims: nothing is asserted. Steps 2 to 7 of deciding, with a publisher that drops what it is given: polls
of one signal for each of 200 accounts, of which 0, 10 or 100 triggers are remembered that have fired. Only what this
process and Redis compute is measured, never how long it took. The database should hold nothing else; what was written
is removed again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from expansion_signals.decide.candidates import candidate_in
from expansion_signals.decide.decided import Decided, Reservation, ShardReservation
from expansion_signals.decide.decisions import decide
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, MINUTE
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.pipeline.deciding import Deciding, DecidingOutside
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory_archive import MemoryArchive
from expansion_signals.state.mutes import RedisMutes
from expansion_signals.state.policy import RedisPolicy
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from expansion_signals.wire.codec import CloudEventsCodec
from outside.state_cost import cpu_seconds
from sample_ground import configuration, ground
from sample_signals import NOW, gated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio import Redis

    from expansion_signals.model.records import Outgoing
    from expansion_signals.model.signals import Signal

PREFIX = "deciding-cost."
SHARDS, ACCOUNTS, POLLS = 64, 200, 10
REMEMBERED = (0, 10, 100)
TOPIC = Partition("expansion-signals", 0)
CODEC = CloudEventsCodec()


class Dropping:
    """Takes everything, and keeps how much it was."""

    def __init__(self) -> None:
        self.published = 0

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        self.published += len(records)
        return ()


async def at_once(step: Callable[..., Awaitable[object]], *arguments: object, **named: object) -> object:
    return await step(*arguments, **named)


def asked(account: str, number: int) -> Signal:
    """Return the next thing that an account wants, a minute after the last."""
    told = gated(str(number), account=account, time=NOW - DAY + number * MINUTE)
    profile = {"version": 7, "plan": "free", "annual_value": {"amount": "12000", "currency": "USD"}, "owner": "dana"}
    return replace(told, id=identity_of(told.id), keys=(identity_of(told.id),), data={**told.data, "account": profile})


def remembering(account: str, fired: int) -> Reservation:
    """Return a reservation of what is remembered once so much has fired."""
    decided = Decided()
    for number in range(fired):
        candidate = candidate_in(asked(account, number), f"0:{number}")
        assert candidate is not None
        ruling = decide(candidate, decided, ground())
        decided = replace(decided.with_entries(ruling.entries), remembered=ruling.remembered)
    return Reservation(account, 0, decided.entries, (), decided.remembered)


async def measure(redis: Redis, fired: int) -> dict[str, object]:
    """Decide, with so much remembered of every account."""
    await Deployment(redis, prefix=PREFIX, shards=SHARDS).open()
    policy = RedisPolicy(redis, prefix=PREFIX, shards=SHARDS)
    accounts = [f"acct-{number}" for number in range(ACCOUNTS)]
    before = [(shard_of(account, SHARDS), remembering(account, fired)) for account in accounts]
    await policy.reserve([ShardReservation(shard, {}, [reservation]) for shard, reservation in before])
    publisher, archive, nonces = Dropping(), MemoryArchive(), count()
    archive.accept({})
    watermarks = Watermarks(
        AllButLate(RedisShards(redis, prefix=PREFIX, shards=SHARDS), "deciding"),
        {"expansion-signals": "signals", "prompt-events": "prompts"},
    )
    outside = DecidingOutside(
        RedisStore(redis, prefix=PREFIX, shards=SHARDS, window=DAY),
        policy,
        RedisMutes(redis, prefix=PREFIX),
        CODEC,
        publisher,
        Epochs(archive, 1, configuration()),
        at_once,
        lambda: NOW,
        lambda: f"n{next(nonces)}",
        lambda account: shard_of(account, SHARDS),
    )
    deciding = Deciding(outside, watermarks)
    await watermarks.resume([TOPIC], {TOPIC: 0}, {TOPIC: ACCOUNTS * POLLS})
    polls = [_poll(accounts, number, fired) for number in range(POLLS)]
    await deciding.absorb(polls[0])
    publisher.published = 0
    process, server = time.process_time(), await cpu_seconds(redis)
    for poll in polls[1:]:
        await deciding.absorb(poll)
    process, server = time.process_time() - process, await cpu_seconds(redis) - server
    signals = ACCOUNTS * (POLLS - 1)
    written = [len(reservation.remembered.written()) if reservation.remembered else 0 for _, reservation in before]
    return {
        "remembered": fired,
        "memory_bytes": sum(written) // ACCOUNTS,
        "worker_us_per_signal": round(process / signals * 1e6),
        "redis_us_per_signal": round(server / signals * 1e6),
        "published": publisher.published,
    }


def _poll(accounts: Sequence[str], number: int, fired: int) -> Poll:
    first = number * len(accounts)
    records = [
        Record(
            *TOPIC, first + place, account.encode(), CODEC.signal(asked(account, fired + number), NOW).value, (), NOW
        )
        for place, account in enumerate(accounts)
    ]
    return Poll(records, {TOPIC: first}, {TOPIC: first + len(accounts)}, 1)


async def main(url: str) -> None:
    """Measure all and print one line of JSON for each."""
    redis = connect(url)
    for fired in REMEMBERED:
        try:
            sys.stdout.write(json.dumps(await measure(redis, fired)) + "\n")
        finally:
            for key in [key async for key in redis.scan_iter(match=f"{PREFIX}*", count=5_000)]:
                await redis.unlink(key)
    await redis.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    asyncio.run(main(parser.parse_args().url))
