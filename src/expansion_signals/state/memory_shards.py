"""Shards as wholes, in memory: the reference that the one in Redis must equal (port `Shards`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.shards import ShardStanding
from expansion_signals.model.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from expansion_signals.decide.restored import RestoredShard
    from expansion_signals.model.instants import Instant
    from expansion_signals.state.memory import MemoryStore
    from expansion_signals.state.memory_policy import MemoryPolicy


class MemoryShards:
    """The shards of a memory store, and of the `policy` beside it. A lease never ends by itself: there is no clock."""

    def __init__(self, store: MemoryStore, policy: MemoryPolicy | None = None) -> None:
        self._store = store
        self._policy = policy
        self._leases: dict[tuple[int, str], str] = {}

    async def standing(self) -> Mapping[int, ShardStanding]:
        """Return every shard that stands; one that is lost is not in the answer."""
        return {
            number: ShardStanding(
                {partition: known.offset for partition, known in shard.partitions.items()},
                shard.late,
                shard.since,
                {partition: known.reached for partition, known in shard.partitions.items() if known.reached},
            )
            for number, shard in enumerate(self._store.shards)
            if shard.stands
        }

    async def delay(self, shards: Collection[int], stage: str) -> None:
        """Say that these shards are so far behind in this stage that a second reader must bring them up."""
        for shard in shards:
            self._store.shards[shard].late |= {stage}

    async def lease(self, shard: int, stage: str, holder: str) -> bool:
        """Take the lease of bringing a shard up, or keep it; False while another has it."""
        return self._leases.setdefault((shard, stage), holder) == holder

    async def caught_up(self, shard: int, stage: str) -> None:
        """Say that a shard is with the others again, and give the lease back."""
        self._store.shards[shard].late -= {stage}
        self._leases.pop((shard, stage), None)

    async def rebuild(self, shards: Sequence[RestoredShard], token: str) -> None:  # noqa: ARG002 -- it is done at once
        """Make lost shards anew with what was restored; one that stands is left as it is."""
        for restored in shards:
            if not self._store.shards[restored.shard].stands:
                self._make(restored)

    async def move(self, shard: int, partition: str, start: int, end: int, since: Instant | None) -> None:
        """Move a watermark from `start` to `end`, if it stands there; counters before `since` are incomplete."""
        kept = self._store.shards[shard]
        if kept.stands and kept.watermark(partition) == start:
            kept.partitions[partition].offset = end
            kept.since = max((each for each in (kept.since, since) if each is not None), default=None)

    def _make(self, restored: RestoredShard) -> None:
        shard = self._store.make(restored.shard)
        shard.epoch = restored.epoch
        for partition, passed in restored.passed.items():
            shard.pass_to(partition, passed)
        for name, account in restored.accounts.items():
            shard.keep(name).marks.update(account.marks)
        shard.late = frozenset(STAGES) if restored.late else frozenset()
        shard.since = restored.since
        if self._policy is not None:
            self._policy.shards[restored.shard] = {
                name: account.decided for name, account in restored.accounts.items() if not account.is_empty
            }
