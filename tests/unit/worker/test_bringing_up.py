"""Bringing up, look by look: what is lost is made anew, what is late is read and handed back, under a lease."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.readings import Counter
from expansion_signals.state.keys import shard_of
from expansion_signals.worker.bringing_up import BringingUp
from expansion_signals.worker.status import StageStatus
from kept_state import KeptInMemory
from simulated_log import START, UPDATES, USAGE, Draft, SimulatedLog
from simulated_reader import SimulatedReader
from simulated_workers import (
    SHARDS,
    TOPIC_NAMES,
    Worker,
    World,
    drained,
    epochs_of,
    metering,
    rebuilding,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from expansion_signals.ports import Answered, Asked

ACCOUNT = "clean-0"
SHARD = shard_of(ACCOUNT, SHARDS)
MIDNIGHT_BEFORE = START - START % 86_400_000_000
CALLS = Counter("calls", "", MIDNIGHT_BEFORE)


class AtOnce:
    """Calls each step once."""

    def size(self) -> int:
        return 100

    async def __call__(
        self, step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answered:
        return await step(*arguments, **named)


class Bench:
    """A log that was read whole by one worker: an account has fired 80 % of its calls."""

    def __init__(self) -> None:
        self.world = World(KeptInMemory(SHARDS), SimulatedLog.of([Draft("calls", 0, 8, 0, 0)]))
        self.status = StageStatus()

    async def read(self) -> Bench:
        await drained(self.world, Worker(self.world))
        return self

    def bringing_up(self, holder: str = "me") -> BringingUp:
        at_once, epochs = AtOnce(), epochs_of(self.world)
        return BringingUp(
            "metering",
            self.world.kept.shards,
            SHARDS,
            topic_names=TOPIC_NAMES,
            reader=lambda: SimulatedReader(self.world.log.records, at_once.size),
            absorber=lambda watermarks: metering(self.world, at_once, watermarks, epochs),
            rebuilding=rebuilding(self.world, at_once, epochs),
            patience=at_once,
            status=self.status,
            holder=holder,
        )

    async def late(self) -> list[int]:
        standing = await self.world.kept.shards.standing()
        return [shard for shard, stands in standing.items() if "metering" in stands.late]

    def fired(self) -> list[str]:
        return [each["id"] for _, each in self.world.publisher.signals if each["type"] == "limit.reached"]


@pytest.fixture
async def bench() -> Bench:
    return await Bench().read()


async def test_a_lost_shard_is_made_anew_and_is_late_then(bench: Bench) -> None:
    await bench.world.kept.lose(SHARD)
    await bench.bringing_up().look()
    assert await bench.late() == [SHARD]


async def test_a_late_shard_is_read_to_the_end_and_handed_back(bench: Bench) -> None:
    await bench.world.kept.lose(SHARD)
    bringing_up = bench.bringing_up()
    await bringing_up.look()
    await bringing_up.look()
    assert (await bench.late(), (await bench.world.kept.inside()).levels[ACCOUNT, CALLS]) == ([], 8)


async def test_what_has_fired_fires_no_second_time(bench: Bench) -> None:
    before = bench.fired()
    await bench.world.kept.lose(SHARD)
    bringing_up = bench.bringing_up()
    await bringing_up.look()
    await bringing_up.look()
    assert (len(before), bench.fired()) == (1, before)


async def test_a_shard_made_anew_knows_every_partition_of_metering(bench: Bench) -> None:
    await bench.world.kept.lose(SHARD)
    await bench.bringing_up().look()
    stands = (await bench.world.kept.shards.standing())[SHARD].watermarks
    assert {name: stands.get(name) for name in (f"{each.topic}/{each.partition}" for each in (*USAGE, UPDATES))} == {
        "usage-events/0": 0,
        "usage-events/1": 0,
        "account-updates/0": 0,
    }


async def test_where_everything_is_lost_it_waits_for_the_worker_to_be_put_together_anew(bench: Bench) -> None:
    for shard in range(SHARDS):
        await bench.world.kept.lose(shard)
    await bench.bringing_up().look()
    assert await bench.world.kept.shards.standing() == {}


@pytest.mark.parametrize("stage", ["rebuild", "metering"])
async def test_what_another_has_the_lease_of_is_left_to_it(stage: str, bench: Bench) -> None:
    if stage == "rebuild":
        await bench.world.kept.lose(SHARD)
    else:
        await bench.world.kept.shards.delay({SHARD}, "metering")
    before = await bench.world.kept.shards.standing()
    await bench.world.kept.shards.lease(SHARD, stage, "another")
    await bench.bringing_up().look()
    assert await bench.world.kept.shards.standing() == before


async def test_the_status_tells_how_many_are_lost_or_late(bench: Bench) -> None:
    await bench.world.kept.shards.delay({(SHARD + 1) % SHARDS}, "metering")
    await bench.world.kept.lose(SHARD)
    await bench.bringing_up().look()
    assert bench.status.late == 2


async def test_it_looks_until_it_is_told_to_stop(bench: Bench) -> None:
    bringing_up = bench.bringing_up()
    running = asyncio.ensure_future(bringing_up.run())
    await asyncio.sleep(0)
    bringing_up.stop()
    assert await asyncio.wait_for(running, 5) is None
