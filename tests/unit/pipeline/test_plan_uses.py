"""What all accounts of a plan used: summed up shard by shard, and known once every shard is there (semantics 6.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.power_users import PlanUse
from expansion_signals.model.batches import Applied, DayMove
from expansion_signals.model.changes import Add
from expansion_signals.model.instants import DAY, day_of
from expansion_signals.pipeline.plan_uses import EACH, PlanUses
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory import MemoryStore
from expansion_signals.state.memory_due import MemoryDue
from sample_batches import NOW, asked, change, poll, profile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from expansion_signals.model.day_used import DayUsed
    from expansion_signals.ports import Answered, Asked

SHARDS, STEPS = 10, 3
CLOSED = day_of(NOW) - 1
KNOWN = {("free", "calls"): PlanUse(30, at_least=27, half=15)}
"""Of 30 accounts, of which one used 1, one 2, and so on."""


async def at_once(
    step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
) -> Answered:
    return await step(*arguments, **named)


class InSteps(MemoryDue):
    """Takes three steps to sum up a shard, as Redis does where there are many accounts."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.steps: list[int] = []

    async def sum_up(self, shard: int, day: int) -> bool:
        self.steps.append(shard)
        return self.steps.count(shard) % STEPS == 0 and await super().sum_up(shard, day)


class LosesOne(InSteps):
    """Loses the part of a shard when it is first asked for it."""

    lost = False

    async def used(self, shard: int) -> DayUsed | None:
        if shard == SHARDS - 1 and not self.lost:
            self.lost = True
            self._store.shards[shard].used = None
        return await super().used(shard)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(shards=SHARDS, window=DAY)


@pytest.fixture
async def due(store: MemoryStore) -> InSteps:
    """Looks of thirty accounts that used something on the day that closed, and twice as much on the day after."""
    for amount in range(1, 31):
        days = [DayMove("calls", CLOSED + later, Add(amount * (1 + later))) for later in (0, 1)]
        batch = poll(asked(account=f"acct-{amount}", change=change(profile(1)), days=days, look=NOW), ranges=())
        [answer] = await store.apply([replace(batch, shard=shard_of(f"acct-{amount}", SHARDS))])
        assert isinstance(answer, Applied)
    return InSteps(store)


async def sweep(*workers: PlanUses, times: int, shards: range = range(SHARDS), now: int = NOW) -> None:
    for _ in range(times):
        for worker in workers:
            await worker.learn(dict.fromkeys(shards, now))


async def test_percentiles_are_of_the_accounts_of_all_shards(due: InSteps) -> None:
    worker = PlanUses(due, at_once, "one")
    await sweep(worker, times=20)
    assert worker.of(CLOSED) == KNOWN


async def test_nothing_is_known_while_a_shard_is_missing(due: InSteps) -> None:
    worker = PlanUses(due, at_once, "one")
    await sweep(worker, times=20, shards=range(SHARDS - 1))
    assert worker.of(CLOSED) == {}


async def test_nothing_is_known_of_another_day(due: InSteps) -> None:
    worker = PlanUses(due, at_once, "one")
    await sweep(worker, times=20)
    assert worker.of(CLOSED - 1) == {}


async def test_a_sweep_takes_one_step_of_a_few_shards(due: InSteps) -> None:
    worker = PlanUses(due, at_once, "one")
    await sweep(worker, times=1)
    assert len(set(due.steps)) == len(due.steps) == EACH


async def test_no_shard_takes_more_steps_than_it_must(due: InSteps) -> None:
    worker = PlanUses(due, at_once, "one")
    await sweep(worker, times=40)
    assert sorted(due.steps) == [shard for shard in range(SHARDS) for _ in range(STEPS)]


async def test_workers_share_the_shards_and_know_the_same(due: InSteps) -> None:
    workers = [PlanUses(due, at_once, holder) for holder in ("one", "two", "three")]
    await sweep(workers[0], workers[1], times=1)
    both = len(due.steps)
    await sweep(*workers, times=40)
    assert both > EACH
    assert [worker.of(CLOSED) for worker in workers] == [KNOWN] * 3


async def test_a_worker_that_comes_late_knows_what_others_have_summed_up(due: InSteps) -> None:
    await sweep(PlanUses(due, at_once, "one"), times=20)
    late = PlanUses(due, at_once, "two")
    done = len(due.steps)
    await sweep(late, times=20)
    assert (late.of(CLOSED), len(due.steps)) == (KNOWN, done)


async def test_the_next_day_replaces_the_one_before(due: InSteps) -> None:
    worker = PlanUses(due, at_once, "one")
    await sweep(worker, times=20)
    await sweep(worker, times=20, now=NOW + DAY)
    following = {("free", "calls"): PlanUse(30, at_least=54, half=30)}
    assert (worker.of(CLOSED), worker.of(CLOSED + 1)) == ({}, following)


@pytest.mark.usefixtures("due")
async def test_a_part_that_is_lost_while_parts_are_put_together_is_summed_up_again(store: MemoryStore) -> None:
    losing = LosesOne(store)
    worker = PlanUses(losing, at_once, "one")
    await sweep(worker, times=40)
    assert (worker.of(CLOSED), losing.lost, len(losing.steps)) == (KNOWN, True, (SHARDS + 1) * STEPS)
