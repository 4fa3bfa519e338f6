"""A run: a schedule of steps over a simulated log, played on some state, with an end that reads everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from kept_state import watermarks_of
from metering_outcome import Outcome
from simulated_log import FOR_ALL, FOR_WILD, Draft, SimulatedLog
from simulated_workers import SHARDS, SecondWorker, Worker, World, drained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kept_state import Kept


class Step(NamedTuple):
    """What is done, to which of three.

    `move` a worker, `crash` one, `accept` the next configuration, `back up` or `roll back` a shard, `lose` one, `lose
    all`, `lose it and die`: together with every worker. Time passes, so that every `lease ends`.
    """

    what: str
    which: int
    choice: int


_DRAFT = st.builds(
    Draft,
    kind=st.sampled_from(("calls",) * 5 + ("files", "opened") + FOR_ALL + FOR_WILD),
    who=st.integers(0, 4),
    amount=st.integers(1, 6),
    partition=st.integers(0, 1),
    minutes=st.sampled_from((0, 1, 10, 45, 240)),
)
# Few or many: lists of one kind would mostly be short, and a short log crosses no threshold.
DRAFTS = st.lists(_DRAFT, min_size=1, max_size=10) | st.lists(_DRAFT, min_size=20, max_size=50)


def schedules(*kinds: str) -> st.SearchStrategy[list[Step]]:
    """Return schedules that move workers, and now and then do one of these kinds of harm."""
    step = st.builds(Step, st.sampled_from(("move",) * 12 + kinds), st.integers(0, 2), st.integers(0, 31))
    return st.lists(step, max_size=30) | st.lists(step, min_size=60, max_size=150)


async def outcome(kept: Kept, drafts: Sequence[Draft], schedule: Sequence[Step]) -> Outcome:
    """Play the schedule with two workers that both read everything; then let one, old or new, read to the end.

    A third is the second reader beside them. It brings up what they pass by.
    """
    run = _Run(World(kept, SimulatedLog.of(drafts)))
    for what, which, choice in schedule:
        match what:
            case "move":
                await run.workers[which].advance(choice)
            case "crash":
                run.crash(which)
            case "accept":
                run.world.accept()
            case "lease ends":
                await kept.end_leases()
            case "back up" | "roll back":
                await run.copy(what, which)
            case _:
                await run.lose(what, which)
        await run.watermarks.look()
    # The last one may have lived through everything, or come new.
    last = run.workers[0] if len(schedule) % 2 else Worker(run.world)
    assert isinstance(last, Worker)
    for worker in run.workers:
        if worker is not last:
            worker.crash()
    await drained(run.world, last)
    await run.watermarks.look()
    return Outcome(run.world, await kept.inside())


class _Run:
    """Two workers and a second reader over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.workers: list[Worker | SecondWorker] = [Worker(world), Worker(world), SecondWorker(world)]
        self.watermarks = _Watermarks(world.kept)

    def crash(self, which: int) -> None:
        self.workers[which].crash()
        self.workers[which] = type(self.workers[which])(self.world)

    async def copy(self, what: str, shard: int) -> None:
        if what == "back up":
            await self.world.kept.back_up(shard)
        elif await self.world.kept.roll_back(shard):
            self.watermarks.forget(shard)

    async def lose(self, what: str, which: int) -> None:
        for shard in range(SHARDS) if what == "lose all" else (which,):
            await self.world.kept.lose(shard)
            self.watermarks.forget(shard)
        if what == "lose it and die":
            for each in range(len(self.workers)):
                self.crash(each)


class _Watermarks:
    """Invariant 3: watermarks never fall, but together with the shard they stand in."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._highest: dict[int, dict[str, int]] = {}

    async def look(self) -> None:
        for shard, stands in (await watermarks_of(self._kept)).items():
            before = self._highest.get(shard, {})
            assert all(stands.get(partition, 0) >= offset for partition, offset in before.items())
            self._highest[shard] = dict(stands)

    def forget(self, shard: int) -> None:
        self._highest.pop(shard, None)
