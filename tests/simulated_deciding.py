"""Deciding over a signals topic that never was, by workers that crash, fall behind, and share what they read.

The topic holds what several time lines of metering may have published: each account's signals in any order, some
twice, and between them records that no metering writes. Bytes are real: they pass the codec both ways.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.model.instants import DAY
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.pipeline.deciding import Deciding, DecidingOutside
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory import MemoryStore
from expansion_signals.state.memory_archive import MemoryArchive
from expansion_signals.state.memory_policy import MemoryPolicy
from expansion_signals.state.memory_shards import MemoryShards
from expansion_signals.wire.codec import CloudEventsCodec
from sample_signals import NOW, key, signal
from simulated_log import TEXTS
from simulated_workers import CONFIGURATIONS, Turn, TurningPatience, advanced, turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from expansion_signals.model.records import Outgoing
    from expansion_signals.model.signals import Signal
    from expansion_signals.ports import PolicyStore, Shards, Store

SHARDS = 2
PARTITIONS = (Partition("expansion-signals", 0), Partition("expansion-signals", 1))
ACCOUNTS = ("acct-1", "acct-2", "acct-3")
THRESHOLDS = ("50", "80", "100", "+1100", "+1200", "+1300")
SWEEP = 0
"""The choice by which an idle worker sweeps; any other polls."""

CODEC = CloudEventsCodec()


class Draft(NamedTuple):
    """A signal of an account: what it crossed, in which generation, and how many days ago. Or `poison`, by number."""

    who: int
    crossed: frozenset[int]
    generation: int = 1
    days: int = 0
    poison: int | None = None

    def signal(self) -> Signal:
        """Return the signal; of the steps it crossed the highest alone (semantics 3.1)."""
        ordered = sorted(self.crossed)
        named = [THRESHOLDS[place] for place in ordered]
        steps = [each for each in named if each.startswith("+")]
        crossed = [each for each in named if each not in steps[:-1]]
        account = ACCOUNTS[self.who]
        return signal(*crossed, account=account, generation=self.generation, time=NOW - self.days * DAY)


def _written(content: Signal) -> bytes:
    value = CODEC.signal(content, NOW).value
    assert value is not None
    return value


def _edited(path: str, value: object) -> bytes:
    """Return a signal in which one thing was changed by hand."""
    envelope = json.loads(_written(signal("80")))
    *way, last = path.split(".")
    inside = envelope
    for name in way:
        inside = inside[name]
    inside[last] = value
    return json.dumps(envelope).encode()


POISON: dict[str, bytes | None] = {
    "no value": None,
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "no attributes": b"{}",
    "no account": _edited("subject", None),
    "another version": _edited("type", "expansion.signal.limit.reached.v2"),
    "a trigger": _edited("type", "expansion.limit.reached.v1"),
    "no data": _edited("data", None),
    "keys that are a text": _edited("data.keys", key("80")),
    "keys too many": _edited("data.keys", [key("80"), key("100")]),
    "a key with our separator": _edited("data.keys", [f"{key('80')}|"]),
    "a step that is no number": _edited("data.keys", [f"{key('80')}:sNaN"]),
    "a step that no memory holds": _edited("data.keys", [f"{key('80')}:1e999999999"]),
    "an id with our separator": _edited("id", "|||||||||"),
    "an id of many bytes": _edited("id", "\N{FIRE}" * 32),
    "a fraction": json.dumps(json.loads(_written(signal("80"))))[:-2].encode() + b', "usage_now": 0.5}}',
    "a lone surrogate": _edited("data.why", "\ud800"),
    "crossings that are no objects": _edited("data.crossed", [80]),
    "a rule that is a name": _edited("data.rule", "api-quota"),
    "the end of time": _edited("time", "9999-12-31T23:59:59Z"),
}
UNDECIDED = _written(replace(signal("80"), type="limit.recovered", keys=()))
"""A signal that nobody decides: no poison, no decision."""


@dataclass
class SignalsTopic:
    """Records by partition. Signals lie in the partition of their account, poison anywhere."""

    records: dict[Partition, list[Record]] = field(default_factory=lambda: {each: [] for each in PARTITIONS})
    drafts: list[tuple[Record, Draft]] = field(default_factory=list)

    @classmethod
    def of(cls, drafts: Iterable[Draft]) -> SignalsTopic:
        topic = cls()
        for draft in drafts:
            topic.append(draft)
        return topic

    def append(self, draft: Draft) -> None:
        account = ACCOUNTS[draft.who]
        partition = PARTITIONS[draft.who % len(PARTITIONS)]
        values = [*POISON.values(), UNDECIDED]
        value = _written(draft.signal()) if draft.poison is None else values[draft.poison % len(values)]
        record = Record(*partition, len(self.records[partition]), account.encode(), value, (), NOW)
        self.records[partition].append(record)
        self.drafts.append((record, draft))

    @property
    def ends(self) -> Mapping[Partition, int]:
        return {partition: len(records) for partition, records in self.records.items()}

    def poll(self, positions: Mapping[Partition, int], size: int, of: Sequence[Partition]) -> Poll:
        after = {
            partition: min(position + size, self.ends[partition]) if partition in of else position
            for partition, position in positions.items()
        }
        found = [
            record
            for partition, position in positions.items()
            for record in self.records[partition][position : after[partition]]
        ]
        return Poll(found, dict(positions), after, 1)


@dataclass
class PublishedRecords:
    """What every worker has published, acknowledged or not."""

    triggers: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    letters: list[tuple[int, int]] = field(default_factory=list)

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        for record in records:
            if record.topic == "usage-events-dlq":
                headers = dict(record.headers)
                self.letters.append((int(headers["dlq_partition"] or b""), int(headers["dlq_offset"] or b"")))
            else:
                taken = {"expansion-limit-reached": self.triggers, "expansion-decisions": self.decisions}[record.topic]
                taken.append(json.loads(record.value or b""))
        return ()


class DecidingWorld:
    """What is outside of every worker, and outlives it; in memory, unless it is given where decisions are kept."""

    def __init__(
        self,
        topic: SignalsTopic,
        store: Store | None = None,
        policy: PolicyStore | None = None,
        shards: Shards | None = None,
    ) -> None:
        self.topic = topic
        self.kept = MemoryStore(shards=SHARDS, window=DAY)
        self.decided = MemoryPolicy(self.kept, shards=SHARDS)
        self.store = store or self.kept
        self.policy = policy or self.decided
        self.shards = shards or MemoryShards(self.kept, self.decided)
        self.published = PublishedRecords()
        self.archive = MemoryArchive()
        self.epoch = self.archive.accept(TEXTS[0])
        self.now = NOW
        self.nonces: Iterator[int] = count()
        self._copies: dict[int, tuple[Any, Any]] = {}

    def accept(self) -> None:
        """Accept the next configuration, if there is one: workers that start from now on know it."""
        if self.epoch < len(TEXTS):
            self.epoch = self.archive.accept(TEXTS[self.epoch])

    def back_up(self, shard: int) -> None:
        """Keep a copy of a shard, watermarks and policy together."""
        self._copies[shard] = (self.kept.snapshot(shard), deepcopy(self.decided.shards[shard]))

    def roll_back(self, shard: int) -> None:
        """Put the copy back in place of the shard, if there is one."""
        if shard in self._copies:
            kept, decided = self._copies[shard]
            self.kept.restore(shard, kept)
            self.decided.shards[shard] = deepcopy(decided)


class DecidingWorker:
    """One worker that reads every partition until it is dropped. Two of them are each other's zombies."""

    def __init__(self, world: DecidingWorld) -> None:
        self._world = world
        self._patience = TurningPatience()
        self._watermarks = Watermarks(AllButLate(world.shards, "deciding"), {"expansion-signals": "topic-id"})
        outside = DecidingOutside(
            store=world.store,
            policy=world.policy,
            codec=CODEC,
            publisher=world.published,
            epochs=Epochs(world.archive, world.epoch, CONFIGURATIONS[world.epoch - 1]),
            patience=self._patience,
            clock=lambda: world.now,
            nonce=lambda: f"n{next(world.nonces)}",
            shard_of=lambda account: shard_of(account, SHARDS),
        )
        self._deciding = Deciding(outside, self._watermarks)
        self.positions: dict[Partition, int] = {}
        self.turn: Turn | None = None
        self._life = self._live()

    async def advance(self, choice: int) -> None:
        self.turn = await advanced(self._life, None if self.turn is None else choice)

    def crash(self) -> None:
        self._life.close()

    async def _live(self) -> None:
        starts, ends = dict.fromkeys(PARTITIONS, 0), self._world.topic.ends
        self.positions.update(await self._patience(self._watermarks.resume, PARTITIONS, starts, ends))
        while True:
            await self._once(await turn("idle"))

    async def _once(self, choice: int) -> None:
        """Sweep, or poll so many of some partitions, as the choice says."""
        if choice == SWEEP:
            lost = await self._deciding.rolled_back()
            self.positions = {**self.positions, **lost}
            if not lost:
                await self._deciding.sweep(self.positions, {})
            return
        size, which = choice // 4 + 1, choice % 4
        poll = self._world.topic.poll(self.positions, size, PARTITIONS if which > 1 else PARTITIONS[which : which + 1])
        rewind = await self._deciding.absorb(poll)
        self.positions = {**poll.positions, **rewind}


MIXED = (
    Draft(0, frozenset({1})),
    Draft(0, frozenset({2, 3})),
    Draft(0, frozenset(), poison=2),
    Draft(0, frozenset({4})),
    Draft(2, frozenset({0, 1}), days=8),
    Draft(0, frozenset({1, 2})),
)
"""A short topic with something of everything."""

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
    """Let one last worker read everything to the end."""
    worker = DecidingWorker(world)
    while not (worker.turn == "idle" and worker.positions == world.topic.ends):
        await worker.advance(31)
    await worker.advance(SWEEP)
    while worker.turn != "idle":
        await worker.advance(31)
    worker.crash()
