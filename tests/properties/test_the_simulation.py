"""What judges the simulated faults is judged: a store that checks less than it must breaks a promise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.state.memory import MemoryStore
from nemesis.simulation import FAMILIES, Play, simulated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.batches import Answer, Range, ShardBatch
    from nemesis.simulation import Family

FAULTS, SEED = 1_000, 11
CRASHES, ROLL_BACKS, *_ = FAMILIES


class WithoutWatermarks(MemoryStore):
    """Takes any range for the one that comes next: neither what was applied before nor what is missing is noticed."""

    async def apply(self, batches: Sequence[ShardBatch]) -> Sequence[Answer]:
        return await super().apply([self._believed(batch) for batch in batches])

    def _believed(self, batch: ShardBatch) -> ShardBatch:
        return replace(batch, ranges=[self._next(batch.shard, passed) for passed in batch.ranges])

    def _next(self, shard: int, passed: Range) -> Range:
        return passed._replace(start=self.shards[shard].watermark(passed.partition))


class WithoutGapTest(WithoutWatermarks):
    """Notices what was applied before, and not what is missing."""

    def _next(self, shard: int, passed: Range) -> Range:
        stands = self.shards[shard].watermark(passed.partition) or 0
        return super()._next(shard, passed) if passed.start is not None and passed.start > stands else passed


def test_a_store_that_keeps_every_promise_is_found_clean() -> None:
    found = simulated(FAULTS, seed=SEED)
    assert found.is_clean
    assert found.faults >= FAULTS


@pytest.mark.parametrize(("store", "family"), [(WithoutWatermarks, CRASHES), (WithoutGapTest, ROLL_BACKS)])
def test_a_store_that_checks_less_is_found_out(store: type[MemoryStore], family: Family) -> None:
    found = simulated(FAULTS, seed=SEED, play=Play([family], store, shortest=False))
    assert found.broken["counter_mismatches"]


def test_faults_of_histories_that_are_played_again_to_shorten_one_are_not_counted() -> None:
    found, shortened = (
        simulated(FAULTS, seed=SEED, play=Play([CRASHES], WithoutWatermarks, shortest=shortest))
        for shortest in (False, True)
    )
    assert shortened.faults == found.faults
