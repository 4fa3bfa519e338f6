"""What a worker forgets by the way, once partitions that nothing comes in have told how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from kept_state import KeptInMemory
from simulated_log import PARTITIONS, USAGE, SimulatedLog, used
from simulated_workers import LATE_RECORDS, SHARDS, TOPIC_NAMES, World, epochs_of, metering

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from expansion_signals.ports import Answered, Asked

SWEEPS = 61
"""As many as it takes until every shard is told of idle partitions."""


async def at_once(
    step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
) -> Answered:
    return await step(*arguments, **named)


async def swept(days: int) -> World:
    """Return a world in which an account nobody knows was used once, so many days before the last sweep."""
    world = World(KeptInMemory(SHARDS), SimulatedLog())
    event = UsageEvent("/apps/web", "e-1", "", "acct-1", world.log.clock, {})
    world.log.put(USAGE[0], used(event, "calls", 5))
    watermarks = Watermarks(AllButLate(world.kept.shards, "metering", LATE_RECORDS), TOPIC_NAMES)
    absorber = metering(world, at_once, watermarks, epochs_of(world))
    positions = dict(await watermarks.resume(PARTITIONS, dict.fromkeys(PARTITIONS, 0), world.log.ends))
    poll = world.log.poll(positions, dict.fromkeys(PARTITIONS, 100))
    await absorber.absorb(poll)
    world.log.clock += days * DAY
    for _ in range(SWEEPS):
        await absorber.sweep(poll.positions, world.log.reached(poll.positions))
    return world


async def test_a_sweep_forgets_an_account_that_nobody_came_to_know() -> None:
    world = await swept(days=38)
    assert (await world.kept.inside()).hours == {}


async def test_a_sweep_leaves_what_a_profile_may_still_ask_for() -> None:
    world = await swept(days=34)
    assert len((await world.kept.inside()).hours) == 1
