"""Measuring a stage: how long its polls take, how much they bring, and how often it has to read again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Partition, Poll
    from expansion_signals.worker.metrics import Metrics
    from expansion_signals.worker.origins import Origins
    from expansion_signals.worker.stage import Absorber
    from expansion_signals.worker.traces import StageTraces


class Measured:
    """An absorber that tells of each poll (`worker.stage.Absorber`); nothing is done for a single record."""

    def __init__(self, absorber: Absorber, stage: str, origins: Origins, traces: StageTraces, metrics: Metrics) -> None:
        self._absorber = absorber
        self._origins = origins
        self._traces = traces
        self._seconds = metrics.polls.labels(stage)
        self._read = metrics.read.labels(stage)
        self._rewinds = metrics.rewinds.labels(stage)

    async def absorb(self, poll: Poll) -> Mapping[Partition, int]:
        """Take a poll in, and tell of it; one that is refused took its time as well."""
        self._origins.begin(poll.records)
        began = time.perf_counter()
        try:
            with self._traces.poll(len(poll.records)):
                rewind = await self._absorber.absorb(poll)
        finally:
            self._origins.begin(())
            self._seconds.observe(time.perf_counter() - began)
        self._read.inc(len(poll.records))
        return self._told(rewind)

    async def rolled_back(self) -> Mapping[Partition, int]:
        """Say what the absorber says."""
        return self._told(await self._absorber.rolled_back())

    async def sweep(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> bool:
        """Do what the absorber does."""
        return await self._absorber.sweep(positions, reached)

    def _told(self, rewind: Mapping[Partition, int]) -> Mapping[Partition, int]:
        self._rewinds.inc(bool(rewind))
        return rewind
