"""Metering over a simulated log: whatever crashes, repeats or is rolled back, the outcome is that of one clean pass.

The schedule moves two workers that both read everything. A step is who moves and a number that says how: which
outside call fails or is done and forgotten, which idle worker polls how much. `architecture.md`, Invariants 1 to 4.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from expansion_signals.model.instants import DAY
from expansion_signals.state.memory import MemoryStore
from inspected import of_memory
from metering_outcome import Outcome
from simulated_log import FOR_ALL, FOR_WILD, Draft, SimulatedLog
from simulated_workers import SHARDS, Worker, World, drained

if TYPE_CHECKING:
    from expansion_signals.state.memory import Shard

THOROUGH = settings(max_examples=3 * settings().max_examples)
DRAFTS = st.lists(
    st.builds(
        Draft,
        kind=st.sampled_from(("calls", "calls", "calls", *FOR_ALL, *FOR_WILD)),
        who=st.integers(0, 4),
        amount=st.integers(1, 6),
        partition=st.integers(0, 1),
        minutes=st.sampled_from((0, 1, 10, 45, 240)),
    ),
    min_size=1,
    max_size=50,
)


class Step(NamedTuple):
    """`move` a worker, `crash` one, `accept` the next configuration, `keep` or `roll back` a shard."""

    what: str
    which: int
    choice: int


def schedules(*kinds: str) -> st.SearchStrategy[list[Step]]:
    return st.lists(
        st.builds(Step, st.sampled_from(("move",) * 12 + kinds), st.integers(0, 2), st.integers(0, 31)), max_size=120
    )


class Watched:
    """A memory store's watermarks between two steps: they never fall."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._highest: dict[tuple[int, str], int] = {}

    def look(self) -> None:
        for number, shard in enumerate(self._store.shards):
            for name, partition in shard.partitions.items():
                assert partition.offset >= self._highest.get((number, name), 0)
                self._highest[number, name] = partition.offset

    def forget(self) -> None:
        self._highest.clear()


async def played(log: SimulatedLog, schedule: list[Step]) -> tuple[World, MemoryStore]:
    """Play the schedule, then let one last worker read to the end."""
    store = MemoryStore(shards=SHARDS, window=DAY)
    world, watched = World(store, log), Watched(store)
    workers = [Worker(world), Worker(world)]
    kept: dict[int, Shard] = {}
    for what, which, choice in schedule:
        match what:
            case "move":
                await workers[which % 2].advance(choice)
            case "crash":
                workers[which % 2].crash()
                workers[which % 2] = Worker(world)
            case "accept":
                world.accept()
            case "keep":
                kept[which] = store.snapshot(which)
            case "roll back" if which in kept:
                store.restore(which, kept[which])
                watched.forget()
        watched.look()
    for worker in workers:
        worker.crash()
    await drained(world)
    watched.look()
    return world, store


def outcome(drafts: list[Draft], schedule: list[Step]) -> Outcome:
    world, store = asyncio.run(played(SimulatedLog.of(drafts), schedule))
    return Outcome(world, of_memory(store))


@THOROUGH
@given(DRAFTS, schedules("crash", "accept"))
def test_crashes_and_zombies_count_each_record_once_and_fire_each_key_once(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    found = outcome(drafts, schedule)
    found.check_counts()
    found.check_fired()
    found.check_keys_are_fired_once()


@THOROUGH
@given(DRAFTS, schedules("crash", "accept", "keep", "roll back", "roll back"))
def test_shards_rolled_back_under_live_workers_count_each_record_once_and_lose_no_key(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    found = outcome(drafts, schedule)
    found.check_counts()
    found.check_fired()
