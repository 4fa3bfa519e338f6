"""Workers over a simulated log, moved forward one outside call at a time by whoever holds the schedule.

A worker takes a turn before each call to the outside and between polls. Dropping it at a turn is a crash there:
nothing reaches the outside between two turns. Two workers that both own every partition are each other's zombies.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import count
from types import coroutine
from typing import TYPE_CHECKING, Any, Literal

from expansion_signals.errors import StateLost, StateUnavailable
from expansion_signals.model.instants import DAY, SECOND
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.rules.loading import load
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory_archive import MemoryArchive
from expansion_signals.worker.bringing_up import BringingUp
from expansion_signals.worker.rebuilding import Rebuilding
from expansion_signals.worker.status import StageStatus
from simulated_log import PARTITIONS, TEXTS, SimulatedLog
from simulated_reader import SimulatedReader
from simulated_wire import DECISIONS, SIGNALS, MemoryPublisher, PlainCodec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator

    from expansion_signals.model.records import Partition
    from expansion_signals.ports import Answered, Asked, Patience
    from kept_state import Kept


SHARDS = 3
SWEEP, MOST = 0, 31
"""Choices: an idle worker sweeps, or polls the most of every partition; an outside call is made at any above 1."""

LATE_RECORDS = 6
"""How far a shard may be behind before it is late: a log of tens of records has some of these."""

TOPIC_NAMES = {each.topic: each.topic for each in (*PARTITIONS, SIGNALS)}
CONFIGURATIONS = tuple(load(texts) for texts in TEXTS)
Turn = Literal["outside", "idle"]


class _Pause:
    """What a worker yields at a turn: its kind."""

    def __init__(self, kind: Turn) -> None:
        self.kind = kind


@coroutine
def turn(kind: Turn) -> Generator[_Pause, int, int]:
    """Wait to be moved on; return the number that says how."""
    return (yield _Pause(kind))


@coroutine
def advanced(worker: Coroutine[Any, Any, None], choice: int | None) -> Generator[Any, Any, Turn]:
    """Move a worker on to its next turn; what it awaits outside goes up to the event loop."""
    waits = worker.send(choice)
    while not isinstance(waits, _Pause):
        waits = worker.send((yield waits))
    return waits.kind


class TurningPatience:
    """Takes a turn before each call. 0 fails it before it begins, 1 after it is done; both are tried again."""

    choice = MOST

    async def __call__(
        self, step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answered:
        while True:
            self.choice = choice = await turn("outside")
            if choice == 0:
                continue
            try:
                answer = await step(*arguments, **named)
            except StateUnavailable:
                continue
            # What is learned is learned from an answer that has come: a reader goes back where none did.
            if choice != 1 or isinstance(getattr(step, "__self__", None), (Watermarks, SimulatedReader)):
                return answer

    def size(self) -> int:
        """Return how many records a poll takes, by the turn it was given."""
        return self.choice // 4 + 1


@dataclass
class World:
    """What is outside of every worker, and outlives it."""

    kept: Kept
    log: SimulatedLog
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    epoch: int = 0
    nonces: Iterator[int] = field(default_factory=count)
    seconds: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.accept()

    def accept(self) -> None:
        """Accept the next configuration, if there is one: workers that start from now on judge under it."""
        if self.epoch < len(TEXTS):
            self.epoch = self.archive.accept(TEXTS[self.epoch])


def epochs_of(world: World) -> Epochs:
    """Return what a worker that starts now knows of configurations."""
    return Epochs(world.archive, world.epoch, CONFIGURATIONS[world.epoch - 1])


def watermarks_of(world: World) -> Watermarks:
    """Return the watermarks of a worker's own reader."""
    return Watermarks(AllButLate(world.kept.shards, "metering", LATE_RECORDS), TOPIC_NAMES)


def metering(world: World, patience: Patience, watermarks: Watermarks, epochs: Epochs) -> Metering:
    """Return the metering of a further worker, which has read nothing yet."""
    store = world.kept.another()
    outside = Outside(
        store=store,
        accounts=store,
        expiry=world.kept.expiry(),
        codec=PlainCodec(world.log),
        publisher=world.publisher,
        epochs=epochs,
        patience=patience,
        clock=lambda: next(world.seconds) * SECOND,
        nonce=lambda: f"n{next(world.nonces)}",
        shard_of=lambda account: shard_of(account, SHARDS),
        due=world.kept.due,
    )
    return Metering(outside, watermarks, acceptance=DAY)


def rebuilding(world: World, patience: TurningPatience, epochs: Epochs) -> Rebuilding:
    """Return what makes lost shards anew from what is in the log by then."""

    def reader(topics: tuple[str, ...]) -> SimulatedReader:
        published = {SIGNALS: world.publisher.records, DECISIONS: []}
        partitions = world.log.records | published
        return SimulatedReader({each: partitions[each] for each in partitions if each.topic in topics}, patience.size)

    return Rebuilding(
        reader,
        PlainCodec(world.log),
        world.kept.shards,
        epochs,
        TOPIC_NAMES,
        shard_of=lambda account: shard_of(account, SHARDS),
        clock=lambda: next(world.seconds) * SECOND,
        nonce=lambda: f"n{next(world.nonces)}",
        patience=patience,
    )


class Living(ABC):
    """What lives from turn to turn, until it is dropped."""

    def __init__(self) -> None:
        self.turn: Turn | None = None
        self._life = self._live()

    async def advance(self, choice: int) -> None:
        self.turn = await advanced(self._life, None if self.turn is None else choice)

    def crash(self) -> None:
        self._life.close()

    @abstractmethod
    async def _live(self) -> None:
        """Live for ever."""


class Worker(Living):
    """One worker that reads every partition until it is dropped; put together anew where everything is lost."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._patience = TurningPatience()
        self._assemble()
        self.positions: dict[Partition, int] = {}
        super().__init__()

    def at_end(self) -> bool:
        return self.turn == "idle" and self.positions == self._world.log.ends

    def _assemble(self) -> None:
        self._epochs = epochs_of(self._world)
        self._watermarks = watermarks_of(self._world)
        self._metering = metering(self._world, self._patience, self._watermarks, self._epochs)

    async def _live(self) -> None:
        while True:
            try:
                await self._work()
            except StateLost:
                self._assemble()
                await rebuilding(self._world, self._patience, self._epochs).rebuild(range(SHARDS), late=False)

    async def _work(self) -> None:
        starts, ends = dict.fromkeys(PARTITIONS, 0), self._world.log.ends
        self.positions = dict(await self._patience(self._watermarks.resume, PARTITIONS, starts, ends))
        while True:
            await self._once(await turn("idle"))

    async def _once(self, choice: int) -> None:
        """Sweep, or poll so many of some partitions, as the choice says."""
        if choice == SWEEP:
            lost = await self._metering.rolled_back()
            if lost:
                self.positions.update(lost)
            else:
                await self._metering.sweep(self.positions, self._world.log.reached(self.positions))
            return
        size, which = choice // 4 + 1, choice % 4
        sizes = {each: size for place, each in enumerate(PARTITIONS) if which in (3, place)}
        poll = self._world.log.poll(self.positions, sizes)
        rewind = await self._metering.absorb(poll)
        self.positions = {**poll.positions, **rewind}


class Looking(Living):
    """What brings up beside a worker what is lost or late; between its looks it is idle."""

    def __init__(self, bringing_up: BringingUp) -> None:
        self._bringing_up = bringing_up
        super().__init__()

    async def _live(self) -> None:
        while True:
            await turn("idle")
            await self._bringing_up.look()


class SecondWorker(Looking):
    """What brings up what metering passes by."""

    def __init__(self, world: World) -> None:
        patience = TurningPatience()
        epochs = epochs_of(world)
        super().__init__(
            BringingUp(
                "metering",
                world.kept.shards,
                SHARDS,
                topic_names=TOPIC_NAMES,
                reader=lambda: SimulatedReader(world.log.records, patience.size),
                absorber=lambda watermarks: metering(world, patience, watermarks, epochs),
                rebuilding=rebuilding(world, patience, epochs),
                patience=patience,
                status=StageStatus(),
                holder=f"n{next(world.nonces)}",
            )
        )


async def drained(world: World, worker: Worker) -> None:
    """Let one worker, and one beside it, read everything to the end, move every shard there, and settle the rest."""
    await world.kept.end_leases()
    second = SecondWorker(world)
    settled = False
    while not settled:
        await until_idle(second)
        whole = worker.at_end() and await _whole(world)
        await until_idle(worker, SWEEP if worker.at_end() else MOST)
        # Late by now is a shard that nothing came to for so long.
        settled = whole and worker.at_end() and await _whole(world) and await world.kept.store.waiting() == {}
    worker.crash()
    second.crash()


async def until_idle(worker: Worker | SecondWorker, choice: int = MOST) -> None:
    """Move a worker on, as the choice says, until it is idle once more."""
    await worker.advance(choice)
    while worker.turn != "idle":
        await worker.advance(MOST)


async def _whole(world: World) -> bool:
    standing = await world.kept.shards.standing()
    return len(standing) == SHARDS and all("metering" not in stands.late for stands in standing.values())
