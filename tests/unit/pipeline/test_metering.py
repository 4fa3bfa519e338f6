"""Metering, poll by poll: what only a certain order of records and answers brings about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.model.accounts import AccountUpdate
from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.events import Evidence, UsageEvent
from expansion_signals.model.instants import DAY, HOUR, MINUTE
from expansion_signals.model.readings import Counter
from expansion_signals.state.keys import shard_of
from kept_state import KeptInMemory
from simulated_log import PARTITIONS, START, UPDATES, USAGE, SimulatedLog, snapshot, used
from simulated_workers import SHARDS, World, epochs_of, metering, watermarks_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from expansion_signals.model.records import Partition
    from expansion_signals.pipeline.metering import Metering
    from expansion_signals.ports import Answered, Asked

FIRST, SECOND = USAGE
ACCOUNT = "acct-1"
MIDNIGHT = START + 12 * HOUR
MOST_CALLS = 50


class AtOnce:
    """Calls each step once; a worker that calls without end is stopped."""

    def __init__(self) -> None:
        self._calls = 0

    async def __call__(
        self, step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answered:
        self._calls += 1
        assert self._calls < MOST_CALLS, "it never ends"
        return await step(*arguments, **named)


@dataclass
class Bench:
    """A log that is written and read by hand."""

    world: World = field(default_factory=lambda: World(KeptInMemory(SHARDS), SimulatedLog()))

    def use(self, number: int, amount: int, partition: Partition = FIRST, **changes: object) -> None:
        event = UsageEvent("/apps/web", f"e-{number}", "", ACCOUNT, self.world.log.clock, {})
        self.world.log.put(partition, used(event, "calls", amount)._replace(**changes))

    def update(self, version: int, **usage: tuple[int, int]) -> None:
        levels = {meter: {"value": level, "as_of": as_of} for meter, (level, as_of) in usage.items()}
        told = AccountUpdate(ACCOUNT, snapshot(version, "free", levels), Evidence("u", "/b", self.world.log.clock))
        self.world.log.put(UPDATES, told)

    async def reader(self) -> Reader:
        watermarks = watermarks_of(self.world)
        absorber = metering(self.world, AtOnce(), watermarks, epochs_of(self.world))
        ends = self.world.log.ends
        begins = await watermarks.resume(PARTITIONS, dict.fromkeys(PARTITIONS, 0), ends)
        return Reader(self.world, absorber, dict(begins))

    async def level(self, start: int = START - 12 * HOUR) -> int:
        return (await self.world.kept.inside()).levels[ACCOUNT, Counter("calls", "", start)]

    def crossed(self) -> list[str]:
        signals = [content for _, content in self.world.publisher.signals if content["type"] == "limit.reached"]
        return [each["value"] for content in signals for each in content["data"]["crossed"]]


@dataclass
class Reader:
    """One worker's place in the log."""

    world: World
    metering: Metering
    positions: dict[Partition, int]

    async def read(self, *partitions: Partition) -> dict[Partition, int]:
        """Absorb all that is there (of these partitions); return where to read again from."""
        poll = self.world.log.poll(self.positions, dict.fromkeys(partitions or PARTITIONS, 100))
        rewind = await self.metering.absorb(poll)
        self.positions = {**poll.positions, **rewind}
        return dict(rewind)


async def test_80_percent_fires_when_it_is_reached_and_once() -> None:
    bench = Bench()
    bench.update(1)
    bench.use(1, 8)
    reader = await bench.reader()
    await reader.read()
    bench.use(2, 1)
    await reader.read()
    assert bench.crossed() == ["80"]


async def test_a_gap_rewinds_the_partitions_of_parts_that_still_wait() -> None:
    bench, shard = Bench(), shard_of(ACCOUNT, SHARDS)
    bench.update(1)
    reader = await bench.reader()
    await reader.read()
    await bench.world.kept.back_up(shard)
    bench.use(1, 1)
    await reader.read()
    await bench.world.kept.roll_back(shard)
    # The second payload of one identity begins another part; the other partition stands in that part only.
    bench.use(2, 2)
    bench.use(2, 3)
    bench.use(3, 4, SECOND)
    rewind = await reader.read()
    await reader.read()
    assert (rewind, await bench.level()) == ({FIRST: 0, SECOND: 0}, 7)


def was_there(bench: Bench, number: int) -> None:
    """Have `ada` use the product once more."""
    data = {"value": 1, "user": "ada"}
    event = UsageEvent("/apps/web", f"e-{number}", "com.acme.measured", ACCOUNT, bench.world.log.clock, data)
    bench.world.log.put(FIRST, event)


async def members(bench: Bench) -> int:
    return (await bench.world.kept.inside()).levels[ACCOUNT, Counter("users", "", START - 12 * HOUR)]


async def rolled_back_behind_a_member(bench: Bench) -> Reader:
    """Return a worker that has told a shard of `ada`, more than once; the shard has forgotten her."""
    bench.update(1)
    reader = await bench.reader()
    await reader.read()
    await bench.world.kept.back_up(shard_of(ACCOUNT, SHARDS))
    for number in range(3):
        was_there(bench, number)
        await reader.read()
    await bench.world.kept.roll_back(shard_of(ACCOUNT, SHARDS))
    return reader


async def test_a_member_that_a_roll_back_took_is_told_again_after_the_gap() -> None:
    bench = Bench()
    reader = await rolled_back_behind_a_member(bench)
    was_there(bench, 3)
    assert await reader.read()
    await reader.read()
    assert await members(bench) == 1


async def test_a_member_that_a_roll_back_took_is_told_again_where_a_look_found_it_out() -> None:
    bench = Bench()
    reader = await rolled_back_behind_a_member(bench)
    reader.positions.update(await reader.metering.rolled_back())
    await reader.read()
    assert await members(bench) == 1


async def test_a_member_is_told_again_to_a_shard_that_another_worker_has_moved_on() -> None:
    bench = Bench()
    zombie = await rolled_back_behind_a_member(bench)
    bench.use(4, 1)
    await (await bench.reader()).read(UPDATES)
    was_there(bench, 5)
    while await zombie.read():
        pass
    assert await members(bench) == 1


async def test_an_update_that_a_roll_back_took_counts_again() -> None:
    bench, shard = Bench(), shard_of(ACCOUNT, SHARDS)
    bench.update(1)
    zombie = await bench.reader()
    await bench.world.kept.back_up(shard)
    await (await bench.reader()).read()
    bench.use(1, 1)
    # It learns the profile, and then that profile is gone.
    await zombie.read(FIRST)
    await bench.world.kept.roll_back(shard)
    await zombie.read()
    await zombie.read()
    profiles = await bench.world.kept.store.profiles([ACCOUNT])
    assert profiles[ACCOUNT] is not None


async def test_what_does_not_fit_an_hour_bucket_is_a_dead_letter_even_if_another_part_falls() -> None:
    bench = Bench()
    bench.use(1, LARGEST, backfill=True)
    reader = await bench.reader()
    await reader.read()
    bench.use(2, -10)
    bench.use(3, 5, backfill=True)
    await reader.read()
    assert bench.world.publisher.letters == {"0/2": "overflow"}


async def test_what_does_not_fit_a_stock_of_an_account_not_known_is_a_dead_letter() -> None:
    bench = Bench()
    for number, amount in enumerate((LARGEST, 1)):
        event = UsageEvent("/apps/web", f"e-{number}", "", ACCOUNT, bench.world.log.clock, {})
        bench.world.log.put(FIRST, used(event, "files", amount))
    await (await bench.reader()).read()
    assert bench.world.publisher.letters == {"0/1": "overflow"}


async def test_what_a_baseline_holds_does_not_count_again_once_a_later_profile_is_without_one() -> None:
    bench = Bench()
    bench.update(1, calls=(3, START - HOUR))
    bench.update(2)
    bench.use(1, 1, time=START - 2 * HOUR)
    bench.use(2, 4, time=START - HOUR)
    await (await bench.reader()).read()
    assert await bench.level() == 7


async def test_what_a_baseline_holds_takes_no_room_when_a_counter_overflows() -> None:
    bench = Bench()
    bench.update(1, calls=(LARGEST, START - HOUR))
    bench.use(1, -5, time=START - 2 * HOUR)
    bench.use(2, 5)
    await (await bench.reader()).read()
    assert bench.world.publisher.letters == {"0/1": "overflow"}


async def test_a_crossing_just_before_midnight_fires_though_a_straggler_comes_in_the_same_poll() -> None:
    bench = Bench()
    bench.update(1)
    bench.world.log.clock = MIDNIGHT - MINUTE
    bench.use(1, 8)
    bench.world.log.clock = MIDNIGHT + MINUTE
    bench.use(2, 1, time=MIDNIGHT - MINUTE)
    await (await bench.reader()).read()
    assert (bench.crossed(), await bench.level()) == (["80"], 9)


async def test_a_crossing_by_stragglers_alone_fires_nothing() -> None:
    bench = Bench()
    bench.update(1)
    bench.world.log.clock = MIDNIGHT + MINUTE
    bench.use(1, 9, time=MIDNIGHT - MINUTE)
    await (await bench.reader()).read()
    assert (bench.crossed(), await bench.level()) == ([], 9)


async def test_stragglers_do_not_fire_with_what_comes_from_a_lagging_partition() -> None:
    bench = Bench()
    bench.update(1)
    bench.world.log.clock = MIDNIGHT + MINUTE
    bench.use(1, 7, time=MIDNIGHT - MINUTE)
    bench.world.log.clock = MIDNIGHT - MINUTE
    bench.use(2, 1, SECOND)
    await (await bench.reader()).read()
    assert (bench.crossed(), await bench.level(MIDNIGHT - DAY)) == (["80"], 8)


async def test_copies_of_one_event_are_duplicates_though_another_payload_stands_between_them() -> None:
    bench = Bench()
    bench.update(1)
    for amount in (1, 2, 1, 2, 1):
        bench.use(1, amount)
    await (await bench.reader()).read(UPDATES, FIRST)
    (tallies,) = [
        tallies
        for name, tallies in (await bench.world.kept.store.tallies()).items()
        if name.startswith("usage-events/0")
    ]
    assert (tallies["counted"], tallies["duplicate"], tallies["dead_lettered"]) == (1, 2, 2)
