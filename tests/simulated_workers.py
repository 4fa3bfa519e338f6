"""Workers over a simulated log, moved forward one outside call at a time by whoever holds the schedule.

A worker takes a turn before each call to the outside and between polls. Dropping it at a turn is a crash there:
nothing reaches the outside between two turns. Two workers that both own every partition are each other's zombies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from types import coroutine
from typing import TYPE_CHECKING, Any, Literal

from expansion_signals.errors import StateUnavailable
from expansion_signals.model.instants import DAY, SECOND
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.rules.loading import load
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory_archive import MemoryArchive
from simulated_log import PARTITIONS, TEXTS, MemoryPublisher, PlainCodec, SimulatedLog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator

    from expansion_signals.model.records import Partition
    from expansion_signals.ports import Answered, Asked, Patience
    from kept_state import Kept


SHARDS = 3
SWEEP, MOST = 0, 31
"""Choices: an idle worker sweeps, or polls the most of every partition; an outside call is made at any above 1."""

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

    async def __call__(
        self, step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answered:
        while True:
            choice = await turn("outside")
            if choice == 0:
                continue
            try:
                answer = await step(*arguments, **named)
            except StateUnavailable:
                continue
            if choice != 1:
                return answer


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


def metering(world: World, patience: Patience) -> tuple[Metering, Watermarks]:
    """Return the metering of a further worker, which has read nothing yet."""
    store = world.kept.another()
    serving = AllButLate(world.kept.shards, "metering")
    watermarks = Watermarks(serving, {each.topic: each.topic for each in PARTITIONS})
    outside = Outside(
        store=store,
        accounts=store,
        expiry=world.kept.expiry(),
        codec=PlainCodec(world.log),
        publisher=world.publisher,
        epochs=Epochs(world.archive, world.epoch, CONFIGURATIONS[world.epoch - 1]),
        patience=patience,
        clock=lambda: next(world.seconds) * SECOND,
        nonce=lambda: f"n{next(world.nonces)}",
        shard_of=lambda account: shard_of(account, SHARDS),
    )
    return Metering(outside, watermarks, acceptance=DAY), watermarks


class Worker:
    """One worker that reads every partition until it is dropped."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._patience = TurningPatience()
        self._metering, self._watermarks = metering(world, self._patience)
        self.positions: dict[Partition, int] = {}
        self.turn: Turn | None = None
        self._life = self._live()

    async def advance(self, choice: int) -> None:
        self.turn = await advanced(self._life, None if self.turn is None else choice)

    def at_end(self) -> bool:
        return self.turn == "idle" and self.positions == self._world.log.ends

    def crash(self) -> None:
        self._life.close()

    async def _live(self) -> None:
        starts, ends = dict.fromkeys(PARTITIONS, 0), self._world.log.ends
        self.positions.update(await self._patience(self._watermarks.resume, PARTITIONS, starts, ends))
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


async def drained(world: World, worker: Worker) -> None:
    """Let one worker alone read everything to the end, move every shard there, and settle what others left."""
    at_end = False
    while not (at_end and worker.at_end() and await world.kept.store.waiting() == {}):
        at_end = worker.at_end()
        await worker.advance(SWEEP if at_end else MOST)
        while worker.turn != "idle":
            await worker.advance(MOST)
    worker.crash()
