"""Which shards a reader serves, and where it goes back to for one that is handed back."""

from __future__ import annotations

import pytest

from expansion_signals.errors import StateLost
from expansion_signals.model.batches import Range, ShardBatch
from expansion_signals.model.records import Partition
from expansion_signals.pipeline.serving import AllButLate, Only
from expansion_signals.pipeline.watermarks import Watermarks
from kept_state import KeptInMemory

FIRST, SECOND = Partition("usage-events", 0), Partition("usage-events", 1)
SHARDS = 3
LATE_RECORDS = 5
STARTS, ENDS = {FIRST: 0, SECOND: 0}, {FIRST: 100, SECOND: 100}


class Bench:
    """A deployment of three shards, read by a stage's own reader."""

    def __init__(self) -> None:
        self.kept = KeptInMemory(SHARDS)
        self.shards = self.kept.shards
        self.watermarks = Watermarks(AllButLate(self.shards, "metering", LATE_RECORDS), {"usage-events": "id"})

    async def move(self, shard: int, end: int, partition: Partition = FIRST) -> None:
        """Apply a shard's records up to this offset."""
        name = f"id/{partition.partition}"
        start = (await self.shards.standing())[shard].watermarks.get(name)
        await self.kept.store.apply([ShardBatch(shard, 1, f"n{end}", (Range(name, start, end, 1),))])

    async def resume(self, *partitions: Partition) -> dict[Partition, int]:
        return dict(await self.watermarks.resume(partitions or (FIRST, SECOND), STARTS, ENDS))

    def served(self) -> list[int]:
        return [shard for shard in range(SHARDS) if self.watermarks.serves(shard)]


@pytest.fixture
async def bench() -> Bench:
    """All shards stand at 10."""
    bench = Bench()
    for shard in range(SHARDS):
        await bench.move(shard, 10)
    return bench


async def test_every_shard_that_stands_is_served(bench: Bench) -> None:
    await bench.resume()
    assert bench.served() == [0, 1, 2]


async def test_a_lost_shard_is_not_served(bench: Bench) -> None:
    await bench.kept.lose(1)
    await bench.resume()
    assert bench.served() == [0, 2]


async def test_reading_does_not_wait_for_a_lost_shard(bench: Bench) -> None:
    await bench.kept.lose(1)
    assert (await bench.resume())[FIRST] == 10


@pytest.mark.parametrize(("ahead", "served"), [(15, [0, 1, 2]), (16, [0, 1])])
async def test_a_shard_further_behind_than_so_many_records_is_left_to_a_second_reader(
    ahead: int, served: list[int], bench: Bench
) -> None:
    for shard in (0, 1):
        await bench.move(shard, ahead)
    await bench.resume()
    assert bench.served() == served


async def test_a_shard_that_is_left_is_declared_late(bench: Bench) -> None:
    for shard in (0, 1):
        await bench.move(shard, 16)
    await bench.resume()
    assert (await bench.shards.standing())[2].late == {"metering"}


async def test_what_is_late_in_another_stage_is_served(bench: Bench) -> None:
    await bench.shards.delay({1}, "deciding")
    await bench.resume()
    assert bench.served() == [0, 1, 2]


async def test_where_no_shard_stands_everything_is_lost(bench: Bench) -> None:
    for shard in range(SHARDS):
        await bench.kept.lose(shard)
    with pytest.raises(StateLost):
        await bench.resume()


async def test_where_nothing_is_served_reading_begins_at_the_end(bench: Bench) -> None:
    await bench.shards.delay(range(SHARDS), "metering")
    assert await bench.resume() == ENDS


async def test_a_second_reader_serves_what_it_was_given_while_it_stands(bench: Bench) -> None:
    await bench.kept.lose(2)
    served = await Only(bench.shards, {1, 2}).among({}, {})
    assert served.served == [1]


async def test_a_shard_lost_meanwhile_is_served_no_more(bench: Bench) -> None:
    await bench.resume()
    bench.watermarks.lost(1)
    assert bench.served() == [0, 2]


async def test_for_a_shard_handed_back_reading_goes_back_in_every_partition(bench: Bench) -> None:
    await bench.shards.delay({1}, "metering")
    await bench.resume()
    await bench.shards.caught_up(1, "metering")
    assert await bench.watermarks.rolled_back() == {FIRST: 10, SECOND: 0}


async def test_where_nothing_was_lost_or_handed_back_reading_goes_on(bench: Bench) -> None:
    await bench.resume()
    assert await bench.watermarks.rolled_back() == {}


async def test_a_shard_handed_back_before_a_gap_in_one_partition_goes_back_in_every_one(bench: Bench) -> None:
    await bench.shards.delay({1}, "metering")
    await bench.resume()
    await bench.shards.caught_up(1, "metering")
    assert await bench.watermarks.again([FIRST]) == {FIRST: 10, SECOND: 0}


async def test_a_shard_handed_back_is_not_served_from_a_new_partition_alone(bench: Bench) -> None:
    """The reader goes on in the partitions it has: there, records of this shard were passed by."""
    await bench.shards.delay({1}, "metering")
    await bench.resume(FIRST)
    await bench.shards.caught_up(1, "metering")
    await bench.resume(SECOND)
    assert (bench.served(), await bench.watermarks.rolled_back()) == ([0, 2], {FIRST: 10, SECOND: 0})


async def test_a_look_that_finds_nothing_lost_is_no_break(bench: Bench) -> None:
    await bench.resume()
    before = bench.watermarks.breaks
    await bench.watermarks.rolled_back()
    bench.watermarks.acknowledge(0, {FIRST: 20})
    assert bench.watermarks.breaks == before


async def test_whatever_may_have_changed_a_shard_is_a_break(bench: Bench) -> None:
    counts = [bench.watermarks.breaks]
    await bench.resume()
    counts.append(bench.watermarks.breaks)
    bench.watermarks.learn(0, {"id/0": 5})
    counts.append(bench.watermarks.breaks)
    bench.watermarks.acknowledge(1, {FIRST: 20})
    await bench.watermarks.rolled_back()
    counts.append(bench.watermarks.breaks)
    bench.watermarks.lost(2)
    counts.append(bench.watermarks.breaks)
    bench.watermarks.forget([SECOND])
    counts.append(bench.watermarks.breaks)
    assert counts == sorted(set(counts))
