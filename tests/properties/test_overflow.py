"""Which events overflow a counter does not depend on the polls they were read in (semantics 2.1, invariant 1)."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from expansion_signals.model.accounts import AccountUpdate
from expansion_signals.model.amounts import ALONE_FROM, LARGEST, ROOMY
from expansion_signals.model.events import Evidence, UsageEvent
from expansion_signals.model.instants import DAY
from expansion_signals.state.deployment import Deployment
from kept_state import KeptInMemory, KeptInRedis
from simulated_log import PARTITIONS, START, UPDATES, USAGE, SimulatedLog, snapshot, used
from simulated_workers import SHARDS, World, epochs_of, metering, watermarks_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from expansion_signals.ports import Answered, Asked
    from kept_state import Kept

MOST = 10_000


class Use(NamedTuple):
    """An event of one of two accounts; `days` late, `quiet` by backfill."""

    amount: int
    meter: str = "calls"
    who: int = 0
    days: int = 0
    quiet: bool = False


class Read(NamedTuple):
    """What came of a log: dead letters, levels and buckets."""

    letters: dict[str, str]
    levels: object
    days: object
    hours: object


BIG = [LARGEST, LARGEST - 1, LARGEST - 3, ROOMY, ROOMY + 1, ROOMY - 2, ALONE_FROM, ALONE_FROM - 1]
AMOUNTS = st.integers(-4, 4) | st.sampled_from([*BIG, *(-each for each in BIG)])
USES = st.lists(
    st.builds(
        Use,
        amount=AMOUNTS,
        meter=st.sampled_from(("calls", "calls", "files")),
        who=st.sampled_from((0, 0, 0, 1)),
        days=st.sampled_from((0, 0, 0, 1)),
        quiet=st.booleans(),
    ),
    min_size=2,
    max_size=12,
)
SIZES = st.lists(st.integers(1, 6), max_size=6)


def written(uses: Sequence[Use], *, known: bool) -> SimulatedLog:
    log = SimulatedLog()
    for number, (amount, meter, who, days, quiet) in enumerate(uses):
        event = UsageEvent("/apps/web", f"e-{number}", "", f"acct-{who}", START - days * DAY, {}, backfill=quiet)
        log.put(USAGE[0], used(event, meter, amount))
    if known:
        for who in (0, 1):
            log.put(UPDATES, AccountUpdate(f"acct-{who}", snapshot(1, "free"), Evidence("u", "/billing", START)))
    return log


async def at_once(
    step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
) -> Answered:
    return await step(*arguments, **named)


async def read(kept: Kept, log: SimulatedLog, sizes: Sequence[int]) -> Read:
    """Read the updates, then the events in polls of these sizes, and all that is left in one."""
    world = World(kept, log)
    watermarks = watermarks_of(world)
    absorber = metering(world, at_once, watermarks, epochs_of(world))
    positions = dict(await watermarks.resume(PARTITIONS, dict.fromkeys(PARTITIONS, 0), log.ends))
    for which, size in [(UPDATES, MOST), *((USAGE[0], size) for size in sizes), (USAGE[0], MOST)]:
        poll = log.poll(positions, {which: size})
        await absorber.absorb(poll)
        positions = poll.positions
    inside = await kept.inside()
    return Read(world.publisher.letters, inside.levels, inside.days, inside.hours)


async def on_redis(url: str, uses: Sequence[Use], sizes: Sequence[int], *, known: bool) -> Read:
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    async with Redis.from_url(url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        return await read(KeptInRedis(client, prefix, SHARDS), written(uses, known=known), sizes)


def in_memory(uses: Sequence[Use], sizes: Sequence[int], *, known: bool) -> Read:
    return asyncio.run(read(KeptInMemory(SHARDS), written(uses, known=known), sizes))


def one_by_one(uses: Sequence[Use]) -> list[int]:
    return [1] * len(uses)


@settings(max_examples=3 * settings().max_examples)
@given(USES, SIZES, st.booleans())
def test_any_division_into_polls_gives_the_same_dead_letters_and_levels(
    uses: list[Use],
    sizes: list[int],
    known: bool,  # noqa: FBT001 -- drawn
) -> None:
    assert in_memory(uses, sizes, known=known) == in_memory(uses, one_by_one(uses), known=known)


@settings(
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(USES, SIZES, st.booleans())
def test_any_division_into_polls_gives_the_same_dead_letters_and_levels_on_redis(
    redis_url: str,
    uses: list[Use],
    sizes: list[int],
    known: bool,  # noqa: FBT001 -- drawn
) -> None:
    found = asyncio.run(on_redis(redis_url, uses, sizes, known=known))
    assert found == in_memory(uses, one_by_one(uses), known=known)


FULL_BETWEEN = [Use(LARGEST), Use(1), Use(-LARGEST)]
"""Where they come together their sum fits; in order the second does not."""


@pytest.mark.parametrize("sizes", [[], [1], [2], [1, 1]])
def test_what_does_not_fit_when_it_comes_is_a_dead_letter_though_a_later_correction_makes_room(
    sizes: list[int],
) -> None:
    assert in_memory(FULL_BETWEEN, sizes, known=True).letters == {"0/1": "overflow"}


def test_what_a_full_counter_refuses_leaves_its_day_alone_too() -> None:
    uses = [Use(LARGEST - 2, days=1), Use(2, days=1), Use(3), Use(-1), Use(1)]
    assert in_memory(uses, [], known=True).letters == in_memory(uses, one_by_one(uses), known=True).letters


@pytest.mark.parametrize("others", [0, 300])
def test_one_full_counter_costs_the_others_of_its_poll_nothing(others: int) -> None:
    uses = [Use(LARGEST), Use(1), *(Use(1, who=1) for _ in range(others)), Use(2)]
    assert sorted(in_memory(uses, [], known=True).letters) == ["0/1", f"0/{others + 2}"]
