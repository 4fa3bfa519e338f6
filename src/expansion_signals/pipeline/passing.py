"""Passing records: a shard's watermark moves over what needs nothing more, by the apply script and its checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedState
from expansion_signals.model.batches import Applied, Behind, Gap, Lost, ShardBatch, StaleEpoch
from expansion_signals.pipeline.work import ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.model.batches import Answer, Range
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Partition
    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.pipeline.work import Item, Work
    from expansion_signals.ports import Patience, Store


_TOLD_EACH = 60
"""Every shard is told the append time reached once in so many sweeps."""


class Passing:
    """Moves watermarks. `nonce` gives a text that no other call has."""

    def __init__(
        self, store: Store, watermarks: Watermarks, epochs: Epochs, patience: Patience, nonce: Callable[[], str]
    ) -> None:
        self._store = store
        self._watermarks = watermarks
        self._epochs = epochs
        self._patience = patience
        self._nonce = nonce
        self._told = 0

    async def all_of(self, works: Sequence[Work]) -> set[Partition]:
        """Pass all of this work; return the partitions to read again, where a shard lost what was acknowledged.

        A shard that is lost whole is left to who makes it anew.
        """
        rewind: set[Partition] = set()
        waiting = [work for work in works if work]
        while waiting:
            ends = [work.ends(work.items()) for work in waiting]
            batches = [self._reserved_batch(work, end) for work, end in zip(waiting, ends, strict=True)]
            answers = await self._patience(self._store.apply, batches)
            for work, end, answer in zip(waiting, ends, answers, strict=True):
                await self._heed(work, end, answer, rewind)
            waiting = [work for work in waiting if work]
        return rewind

    async def idle(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> None:
        """Move the watermarks of shards that no poll touched up to these positions.

        `reached` has the append time reached in partitions that are read to their end; from time to time every shard
        is told, so that what is old can be forgotten where nothing comes any more. A shard that answers anything else
        is left: the next poll's records meet the same answer and heed it.
        """
        self._told += 1
        everywhere = self._told % _TOLD_EACH == 0
        below = self._watermarks.all_of(reached) if everywhere else self._watermarks.behind(positions)
        ends = {shard: {partition: positions[partition] for partition in standing} for shard, standing in below.items()}
        batches = [self._batch(shard, (), end, reached) for shard, end in ends.items()]
        answers = await self._patience(self._store.apply, batches) if batches else ()
        for batch, answer in zip(batches, answers, strict=True):
            if isinstance(answer, Applied):
                self._watermarks.acknowledge(batch.shard, ends[batch.shard])

    def ranges(
        self,
        shard: int,
        part: Sequence[Item],
        ends: Mapping[Partition, int],
        idle: Mapping[Partition, Instant] | None = None,
    ) -> Sequence[Range]:
        """Return what a part passes in its shard, from where the shard stands."""
        return ranges(part, self._watermarks.of(shard, ends), ends, self._watermarks.names, idle)

    def _reserved_batch(self, work: Work, ends: Mapping[Partition, int]) -> ShardBatch:
        """Return a batch that passes the work only where what was reserved for it still stands."""
        batch = self._batch(work.shard, work.items(), ends)
        return replace(batch, ranges=[passed._replace(reserved=work.reserved) for passed in batch.ranges])

    def _batch(
        self,
        shard: int,
        part: Sequence[Item],
        ends: Mapping[Partition, int],
        idle: Mapping[Partition, Instant] | None = None,
    ) -> ShardBatch:
        return ShardBatch(shard, self._epochs.current, self._nonce(), self.ranges(shard, part, ends, idle))

    async def _heed(self, work: Work, ends: Mapping[Partition, int], answer: Answer, rewind: set[Partition]) -> None:
        match answer:
            case Applied():
                self._watermarks.acknowledge(work.shard, ends)
                work.applied(work.items())
            case Behind():
                work.drop_below(self._watermarks.learn(work.shard, answer.watermarks))
            case Gap():
                rewind.update(ends)
                work.applied(work.items())
            case StaleEpoch():
                await self._patience(self._epochs.advance, answer.epoch)
            case Lost():
                self._watermarks.lost(work.shard)
                work.applied(work.items())
            case _:
                raise RejectedState(f"shard {work.shard} answered {answer} to a batch of nothing but ranges: a defect")
