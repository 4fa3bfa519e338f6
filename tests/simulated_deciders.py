"""Deciding by workers that crash, fall behind, lose what they stand on, and share what they read."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from expansion_signals.errors import StateLost
from expansion_signals.model.instants import DAY
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.deciding import Deciding, DecidingOutside
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.rules.loading import load
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory import MemoryStore
from expansion_signals.state.memory_archive import MemoryArchive
from expansion_signals.state.memory_due import MemoryDue
from expansion_signals.state.memory_policy import MemoryPolicy
from expansion_signals.state.memory_shards import MemoryShards
from expansion_signals.state.mutes import MemoryMutes
from expansion_signals.wire.outcomes import TOPIC as OUTCOMES
from expansion_signals.wire.outcomes import WITHDRAWN
from expansion_signals.worker.bringing_up import BringingUp
from expansion_signals.worker.rebuilding import Rebuilding
from expansion_signals.worker.status import StageStatus
from sample_ground import CATALOG, RULES, UNRESTRAINED
from sample_signals import NOW
from simulated_deciding import CODEC, SHARDS
from simulated_reader import SimulatedReader
from simulated_wire import DECISIONS
from simulated_workers import Living, Looking, TurningPatience, turn, until_idle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.ports import Due, PolicyStore, Shards, Store
    from expansion_signals.rules.configuration import Configuration
    from simulated_deciding import SignalsTopic

TEXTS = [
    {"catalog.yaml": CATALOG, "rules.yaml": rules + UNRESTRAINED}
    for rules in (RULES, RULES.replace("80%", "50%"), RULES.replace("80%", "70%"))
]
TOPIC_NAMES = {"expansion-signals": "topic-id", "prompt-events": "prompts-id"}
LATE_RECORDS = 4
"""How far a shard may be behind before it is late: a topic of tens of records has some of these."""

SWEEP = 0
"""The choice by which an idle worker sweeps; any other polls."""


@dataclass
class PublishedRecords:
    """What every worker has published, acknowledged or not; `audit` are the decisions as a reader meets them."""

    triggers: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    withdrawals: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    letters: list[tuple[str, int, int]] = field(default_factory=list)
    audit: list[Record] = field(default_factory=list)
    now: Instant = NOW

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        for record in records:
            if record.topic == "usage-events-dlq":
                headers = {name: (value or b"").decode() for name, value in record.headers}
                place = headers["dlq_topic"], int(headers["dlq_partition"]), int(headers["dlq_offset"])
                self.letters.append(place)
                continue
            event = json.loads(record.value or b"")
            if record.topic == DECISIONS.topic:
                self.decisions.append(event)
                self.audit.append(Record(*DECISIONS, len(self.audit), record.key, record.value, (), self.now))
            elif event["type"] == WITHDRAWN:
                self.withdrawals.append(event)
            elif record.topic == OUTCOMES:
                self.outcomes.append(event)
            else:
                self.triggers.append(event)
        return ()


class DecidingWorld:
    """What is outside of every worker, and outlives it; in memory, unless it is given where decisions are kept.

    `texts` are the configurations that are accepted, one after the other.
    """

    def __init__(  # noqa: PLR0913 -- where everything is kept
        self,
        topic: SignalsTopic,
        store: Store | None = None,
        policy: PolicyStore | None = None,
        shards: Shards | None = None,
        due: Due | None = None,
        *,
        texts: Sequence[Mapping[str, str]] = TEXTS,
    ) -> None:
        self.topic = topic
        self.texts = texts
        self.kept = MemoryStore(shards=SHARDS, window=DAY)
        self.decided = MemoryPolicy(self.kept, shards=SHARDS)
        self.store = store or self.kept
        self.policy = policy or self.decided
        self._own = shards is None
        self.shards = shards or MemoryShards(self.kept, self.decided)
        self.published = PublishedRecords()
        self.due = due or MemoryDue(self.kept)
        self.archive = MemoryArchive()
        self.epoch = self.archive.accept(texts[0])
        self.nonces: Iterator[int] = count()
        self._copies: dict[int, tuple[Any, Any]] = {}

    @property
    def now(self) -> Instant:
        """The time by every clock."""
        return self.published.now

    @now.setter
    def now(self, now: Instant) -> None:
        self.published.now = now

    def accept(self) -> None:
        """Accept the next configuration, if there is one: workers that start from now on know it."""
        if self.epoch < len(self.texts):
            self.epoch = self.archive.accept(self.texts[self.epoch])

    def back_up(self, shard: int) -> None:
        """Keep a copy of a shard, watermarks and policy together."""
        self._copies[shard] = (self.kept.snapshot(shard), deepcopy(self.decided.shards[shard]))

    def roll_back(self, shard: int) -> None:
        """Put the copy back in place of the shard, if there is one."""
        if shard in self._copies:
            kept, decided = self._copies[shard]
            self.kept.restore(shard, kept)
            self.decided.shards[shard] = deepcopy(decided)

    def lose(self, shard: int) -> None:
        """Lose a shard, watermarks and policy together."""
        self.kept.lose(shard)
        self.decided.shards[shard] = {}

    def end_leases(self) -> None:
        """Let so much time pass that every lease in memory ends; who has one knows nothing of it."""
        if self._own:
            self.shards = MemoryShards(self.kept, self.decided)


def epochs_of(world: DecidingWorld) -> Epochs:
    """Return what a worker that starts now knows of configurations."""
    texts = world.texts[world.epoch - 1]
    return Epochs(world.archive, world.epoch, _configuration(texts["catalog.yaml"], texts["rules.yaml"]))


@cache
def _configuration(catalog: str, rules: str) -> Configuration:
    return load({"catalog.yaml": catalog, "rules.yaml": rules})


def deciding(world: DecidingWorld, patience: TurningPatience, watermarks: Watermarks, epochs: Epochs) -> Deciding:
    """Return the deciding of a further worker, which has read nothing yet."""
    outside = DecidingOutside(
        store=world.store,
        policy=world.policy,
        silences=MemoryMutes(),
        codec=CODEC,
        publisher=world.published,
        epochs=epochs,
        patience=patience,
        clock=lambda: world.now,
        nonce=lambda: f"n{next(world.nonces)}",
        shard_of=lambda account: shard_of(account, SHARDS),
    )
    return Deciding(outside, watermarks)


def rebuilding(world: DecidingWorld, patience: TurningPatience, epochs: Epochs) -> Rebuilding:
    """Return what makes lost shards anew from the signals, and from what was decided of them by then."""

    def reader(topics: tuple[str, ...]) -> SimulatedReader:
        partitions = {**world.topic.records, DECISIONS: world.published.audit}
        return SimulatedReader({each: partitions[each] for each in partitions if each.topic in topics}, patience.size)

    return Rebuilding(
        reader,
        CODEC,
        world.shards,
        epochs,
        TOPIC_NAMES,
        shard_of=lambda account: shard_of(account, SHARDS),
        clock=lambda: world.now,
        nonce=lambda: f"n{next(world.nonces)}",
        patience=patience,
    )


class DecidingWorker(Living):
    """One worker that reads every partition until it is dropped. Two of them are each other's zombies.

    It is put together anew where everything is lost.
    """

    def __init__(self, world: DecidingWorld) -> None:
        self._world = world
        self._patience = TurningPatience()
        self._assemble()
        self.positions: dict[Partition, int] = {}
        super().__init__()

    def _assemble(self) -> None:
        self._epochs = epochs_of(self._world)
        self._watermarks = Watermarks(AllButLate(self._world.shards, "deciding", LATE_RECORDS), TOPIC_NAMES)
        self._deciding = deciding(self._world, self._patience, self._watermarks, self._epochs)

    async def _live(self) -> None:
        while True:
            try:
                await self._work()
            except StateLost:
                self._assemble()
                await rebuilding(self._world, self._patience, self._epochs).rebuild(range(SHARDS), late=False)

    async def _work(self) -> None:
        self.positions = dict(await self._patience(self._resumed))
        while True:
            await self._once(await turn("idle"))

    async def _resumed(self) -> Mapping[Partition, int]:
        ends = self._world.topic.ends
        return await self._watermarks.resume(ends, dict.fromkeys(ends, 0), ends)

    async def _once(self, choice: int) -> None:
        """Sweep, or poll so many of some partitions, as the choice says."""
        if choice == SWEEP:
            lost = await self._deciding.rolled_back()
            self.positions = {**self.positions, **lost}
            if not lost:
                await self._deciding.sweep(self.positions, {})
            return
        size, which = choice // 4 + 1, choice % 4
        partitions = list(self._world.topic.records)
        poll = self._world.topic.poll(self.positions, size, partitions[which : which + 1] or partitions)
        rewind = await self._deciding.absorb(poll)
        self.positions = {**poll.positions, **rewind}


class SecondDecider(Looking):
    """What brings up what deciding passes by; here it makes anew what is lost as well."""

    def __init__(self, world: DecidingWorld) -> None:
        patience = TurningPatience()
        epochs = epochs_of(world)
        super().__init__(
            BringingUp(
                "deciding",
                world.shards,
                SHARDS,
                topic_names=TOPIC_NAMES,
                reader=lambda: SimulatedReader(world.topic.records, patience.size),
                absorber=lambda watermarks: deciding(world, patience, watermarks, epochs),
                rebuilding=rebuilding(world, patience, epochs),
                patience=patience,
                status=StageStatus(),
                holder=f"n{next(world.nonces)}",
            )
        )


ALL_AT_ONCE = 31
"""The choice by which an idle worker polls all there is, and any other goes on."""


async def crashed(world: DecidingWorld, turns: int, last: int) -> None:
    """Let a worker end `turns` outside calls after its start; the next is not done (`last` 0), or is (1)."""
    worker = DecidingWorker(world)
    for _ in range(turns):
        await worker.advance(ALL_AT_ONCE)
    await worker.advance(last)
    worker.crash()
    await drained(world)


async def drained(world: DecidingWorld) -> None:
    """Let one last worker, and one beside it, read everything to the end."""
    world.end_leases()
    worker, second = DecidingWorker(world), SecondDecider(world)
    settled = False
    while not settled:
        await until_idle(second)
        whole = await _whole(world)
        swept = _at_end(world, worker)
        await until_idle(worker, SWEEP if swept else ALL_AT_ONCE)
        settled = whole and swept and _at_end(world, worker) and await _whole(world)
    worker.crash()
    second.crash()


def _at_end(world: DecidingWorld, worker: DecidingWorker) -> bool:
    return worker.turn == "idle" and worker.positions == world.topic.ends


async def _whole(world: DecidingWorld) -> bool:
    standing = await world.shards.standing()
    return len(standing) == SHARDS and all("deciding" not in stands.late for stands in standing.values())
