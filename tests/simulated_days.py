"""Workers that look at the same accounts day after day, moved forward one outside call at a time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from expansion_signals.model.accounts import Account, Anchor, Profile
from expansion_signals.model.batches import AccountBatch, DayMove, ProfileChange, Range, ShardBatch
from expansion_signals.model.changes import Add
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, day_of, format_day, parse_instant
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.rules.loading import load
from expansion_signals.state.keys import shard_of
from simulated_log import PARTITIONS, SimulatedLog
from simulated_workers import MOST, SHARDS, Living, TurningPatience, World, metering, turn, watermarks_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.day_used import DayUsed
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.looks import History, Look
    from expansion_signals.ports import Due
    from kept_state import Kept

CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: sum, value: value, unit: call}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 100000}}}
"""
RULES = """
rules:
  - {id: growth, signal: usage_accelerated, meter: calls}
  - {id: fall, signal: usage_declined, meter: calls, within: 7d, cooldown: 7d}
"""
TEXTS = {"catalog.yaml": CATALOG, "rules.yaml": RULES}
LEADS = """
rules:
  - {id: growth, signal: usage_accelerated, meter: calls, when: usage_growth > 1 or limit_hits < 1}
  - {id: pql, signal: pql, qualify_at: 5, criteria: [{id: grows, when: usage_growth > 10%, within: 7d, points: 5}]}
"""
TEXTS_WITH_LEADS = {"catalog.yaml": CATALOG, "rules.yaml": LEADS}
ACCOUNTS = tuple(f"acct-{number}" for number in range(6))
BEGIN = parse_instant("2026-11-22T00:00:00Z")
HISTORY = 20
"""Days that every account was used on before the simulation begins."""


class Step(NamedTuple):
    """`move` a worker, `crash` one, `count` more of the day that closed for an account, or let half a `day` pass."""

    what: str
    which: int
    choice: int


_KINDS = ("move",) * 20 + ("crash", "count", "count", "day")
_STEP = st.builds(Step, st.sampled_from(_KINDS), st.integers(0, 5), st.integers(0, MOST))
SCHEDULES = st.lists(_STEP, max_size=30) | st.lists(_STEP, min_size=80, max_size=300)


class Unleased:
    """Leases given to everybody: they are economy, and nothing may hang on them (port `Due`)."""

    def __init__(self, due: Due) -> None:
        self._due = due

    async def due(self, until: Mapping[int, Instant], most: int) -> Mapping[int, Sequence[Look]]:
        return await self._due.due(until, most)

    async def lease(self, shard: int, holder: str) -> bool:
        return bool(holder) and shard < SHARDS

    async def histories(self, shard: int, accounts: Sequence[str], day: int) -> Sequence[History]:
        return await self._due.histories(shard, accounts, day)

    async def move(self, shard: int, looks: Sequence[tuple[Look, Instant | None]]) -> None:
        await self._due.move(shard, looks)

    async def sum_up(self, shard: int, day: int) -> bool:
        return await self._due.sum_up(shard, day)

    async def summed_up(self) -> Sequence[int | None]:
        return await self._due.summed_up()

    async def used(self, shard: int) -> DayUsed | None:
        return await self._due.used(shard)


class Days:
    """A deployment whose accounts were used for weeks, and two workers that look at them."""

    def __init__(self, kept: Kept, texts: Mapping[str, str] = TEXTS) -> None:
        kept.due = Unleased(kept.due)
        self.world = World(kept, SimulatedLog.of([]))
        self.texts = texts
        self.epoch = self.world.archive.accept(texts)
        self.now = BEGIN + DAY // 2
        self._calls = 0
        self._workers: list[_Looking] = []

    async def play(self, schedule: Sequence[Step]) -> None:
        """Play the schedule, then let one worker that comes new finish what is due."""
        await self._begin()
        self._workers = [_Looking(self), _Looking(self)]
        for what, which, choice in schedule:
            match what:
                case "move":
                    await self._workers[which % 2].advance(choice)
                case "crash":
                    self._workers[which % 2].crash()
                    self._workers[which % 2] = _Looking(self)
                case "count":
                    await self._count(ACCOUNTS[which], day_of(self.now) - 1, 10 * choice)
                case "day":
                    self.now += DAY // 2
        for worker in self._workers:
            worker.crash()
        self.now += DAY // 2
        last = _Looking(self)
        while await self.overdue() or await self.world.kept.store.waiting():
            await last.advance(MOST)
        last.crash()

    async def overdue(self) -> Mapping[int, Sequence[Look]]:
        return await self.world.kept.due.due(dict.fromkeys(range(SHARDS), self.now), 10)

    def contents(self) -> Mapping[str, set[str]]:
        """Return by id every content that was published."""
        found = defaultdict(set)
        for _, content in self.world.publisher.signals:
            if content["type"] != "account.changed":
                found[content["id"]].add(str(content))
        return found

    def told(self) -> list[tuple[str, str, str]]:
        """Return account, type and day of each id that was published."""
        ids = {
            content["id"]: (account, content["type"], content["evidence"][0])
            for account, content in self.world.publisher.signals
            if content["type"] != "account.changed"
        }
        return sorted(ids.values())

    async def _begin(self) -> None:
        """Every account was used more and more, or less and less."""
        today = day_of(BEGIN)
        profile = Profile(
            account=Account(version=1, plan="free"), anchors=(Anchor(valid_from=0, anchor=0, unit="month"),)
        )
        for place, account in enumerate(ACCOUNTS):
            by_day = [(back, 100 + (20 * back if place % 2 else 200 - 5 * back)) for back in range(1, HISTORY + 1)]
            await self._apply(
                AccountBatch(
                    account,
                    None,
                    days=[DayMove("calls", today - back, Add(each)) for back, each in by_day],
                    change=ProfileChange(profile, Evidence("p", "/crm", BEGIN), BEGIN),
                    look=BEGIN,
                )
            )

    async def _count(self, account: str, day: int, amount: int) -> None:
        """Count what came late: history, so the account is looked at once more."""
        profile = (await self.world.kept.store.profiles([account]))[account]
        await self._apply(AccountBatch(account, profile, days=[DayMove("calls", day, Add(amount))], look=self.now))

    async def _apply(self, account: AccountBatch) -> None:
        self._calls += 1
        shard = shard_of(account.account, SHARDS)
        stands = (await self.world.kept.shards.standing())[shard].watermarks
        ranges = [
            Range(name, stands.get(name), 0, BEGIN)
            for name in (f"{each.topic}/{each.partition}" for each in PARTITIONS)
        ]
        batch = ShardBatch(shard, self.epoch, f"load{self._calls}", ranges, accounts=[account])
        await self.world.kept.store.apply([batch])


class _Looking(Living):
    """One worker that sweeps until it is dropped; nothing is on its log."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._patience = TurningPatience()
        super().__init__()

    async def _live(self) -> None:
        world = self._days.world
        watermarks = watermarks_of(world)
        epochs = Epochs(world.archive, self._days.epoch, load(self._days.texts))
        mine = metering(world, self._patience, watermarks, epochs)
        positions = dict.fromkeys(PARTITIONS, 0)
        await self._patience(watermarks.resume, PARTITIONS, positions, positions)
        while True:
            await turn("idle")
            await mine.rolled_back()
            await mine.sweep(positions, dict.fromkeys(PARTITIONS, self._days.now))


def day_told(back: int) -> str:
    """Return what tells of the day so many before the beginning, in `Days.told`."""
    return f"day:{format_day(day_of(BEGIN) - back)}"
