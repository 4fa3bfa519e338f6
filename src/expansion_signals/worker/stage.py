"""A stage: one reader and what absorbs its polls. Metering and deciding are two of them."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Protocol

from expansion_signals.model.instants import MINUTE
from expansion_signals.worker.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.log.batch_reader import BatchLogReader
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Partition, Poll
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.ports import Patience
    from expansion_signals.worker.status import StageStatus

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.5
_SWEEP_SECONDS = 1.0
"""How often idle shards are moved up, facts that wait are settled, and offsets are committed."""

_LOOK_SECONDS = 5.0
"""How often shards that no poll touches are asked what they have lost: it costs as much as a thousand events."""

_CLOCK_MARGIN = MINUTE
"""How far this machine's clock may be ahead of the broker's, and a last answer behind."""


class Absorber(Protocol):
    """What a stage does with its polls."""

    async def absorb(self, poll: Poll) -> Mapping[Partition, int]:
        """Take a poll in whole; return where to read again from."""

    async def rolled_back(self) -> Mapping[Partition, int]:
        """Say, from time to time, where to read again from because Redis has lost what it had acknowledged."""

    async def sweep(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> bool:
        """Do what is due once a second, between two polls; say whether nothing is left to do.

        `reached` has the append time reached in partitions that are read to their end.
        """


class Resuming:
    """Tells the reader where to begin (`log.assignments.AssignmentListener`): at the lowest watermark."""

    def __init__(self, watermarks: Watermarks, status: StageStatus) -> None:
        self._watermarks = watermarks
        self._status = status

    async def assigned(
        self,
        partitions: Sequence[Partition],
        committed: Mapping[Partition, int | None],  # noqa: ARG002 -- at most the lowest watermark, which is asked
        log_start: Mapping[Partition, int],
        log_end: Mapping[Partition, int],
    ) -> Mapping[Partition, int]:
        """Return the lowest watermark of each partition."""
        positions = await self._watermarks.resume(partitions, log_start, log_end)
        log.info("reading on from %s", _named(positions) or "nothing: other workers have every partition")
        self._status.begun, self._status.busy_at = True, time.monotonic()
        self._status.held = None  # what held it may be another worker's by now
        return positions

    async def revoked(self, partitions: Sequence[Partition]) -> None:
        """Forget partitions that another worker reads now."""
        self._status.begun = False
        self._watermarks.forget(partitions)


class Stage:
    """Polls, absorbs, sweeps and commits, until it is told to stop."""

    def __init__(  # noqa: PLR0913 -- the parts of a stage
        self,
        reader: BatchLogReader,
        absorber: Absorber,
        *,
        polling: Patience,
        patience: Patience,
        status: StageStatus,
        clock: Callable[[], Instant],
    ) -> None:
        self._reader = reader
        self._absorber = absorber
        self._polling = polling
        self._patience = patience
        self._status = status
        self._clock = clock
        self._pace = Pace()
        self._swept_at = 0.0
        self._looked_at = 0.0
        self._nothing_waits = False
        self._stopping = False

    def stop(self) -> None:
        """Ask the stage to end after the poll at hand."""
        self._stopping = True

    async def run(self) -> None:
        """Work until stopped.

        Raises:
            Rejected: state, log or configuration do not fit; nothing further is acknowledged.
        """
        poll_at = 0.0
        try:
            while not self._stopping:
                await asyncio.sleep(poll_at - time.monotonic())
                poll = await self._polling(self._reader.poll, _POLL_SECONDS)
                lag = self._reader.lag()
                behind = sum(lag.values()) if lag else 0
                poll_at = self._pace.until(len(poll.records), behind, time.monotonic())
                if poll.assignment != self._reader.assignment:
                    continue  # another member may be reading these by now
                positions = await self._absorbed(poll, lag)
                await self._sweep(poll.assignment, positions)
        finally:
            await self._reader.stop()

    async def _absorbed(self, poll: Poll, lag: Mapping[Partition, int] | None) -> Mapping[Partition, int]:
        """Take the poll in, tell what it left behind; return the positions reached: after a rewind, those before it."""
        rewind: Mapping[Partition, int] = {}
        if poll.records:
            self._status.busy_at = time.monotonic()
            rewind = await self._absorber.absorb(poll)
            # What came while a poll was taken in is not told before the next one: nobody was idle meanwhile.
            self._status.busy_at = time.monotonic()
            if rewind:
                if self._status.held is None:  # else it was told why
                    log.warning("Redis has lost what it had acknowledged: reading again from %s", _named(rewind))
                self._reader.seek(rewind)
                lag = self._reader.lag()
        self._status.caught_up = lag is not None and not any(lag.values()) and self._nothing_waits
        self._status.lag = {f"{topic}/{number}": offsets for (topic, number), offsets in (lag or {}).items()}
        return {**poll.positions, **rewind}

    async def _sweep(self, assignment: int, positions: Mapping[Partition, int]) -> None:
        now = time.monotonic()
        if now - self._swept_at < _SWEEP_SECONDS or assignment != self._reader.assignment or not positions:
            return
        self._swept_at = now
        lost = await self._rolled_back(now)
        if lost:
            log.warning("Redis has lost what it had acknowledged: reading again from %s", _named(lost))
            self._nothing_waits = self._status.caught_up = False
            self._reader.seek(lost)
            return
        self._nothing_waits = await self._absorber.sweep(positions, self._reached())
        await self._patience(self._reader.commit, positions)

    async def _rolled_back(self, now: float) -> Mapping[Partition, int]:
        if now - self._looked_at < _LOOK_SECONDS:
            return {}
        self._looked_at = now
        return await self._absorber.rolled_back()

    def _reached(self) -> Mapping[Partition, Instant]:
        """Return what append time is reached where nothing is left to read: any record to come is newer."""
        now = self._clock() - _CLOCK_MARGIN
        return {partition: now for partition, lag in (self._reader.lag() or {}).items() if lag == 0}


def _named(positions: Mapping[Partition, int]) -> str:
    return ", ".join(f"{topic}/{number} at {offset}" for (topic, number), offset in sorted(positions.items()))


class Running(Protocol):
    """What works until it is told to stop."""

    async def run(self) -> None:
        """Work until stopped."""

    def stop(self) -> None:
        """Ask to end after the poll at hand."""


async def run_all(stages: Sequence[Running]) -> None:
    """Run stages beside each other; the first failure ends all."""
    async with asyncio.TaskGroup() as group:
        for stage in stages:
            group.create_task(stage.run())
