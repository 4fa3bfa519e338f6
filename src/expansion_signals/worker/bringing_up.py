"""Bringing up: what a stage's own reader passes by, because it is lost or late, is read by a second reader.

So one lost shard does not delay the others. Whoever has the lease does it; two at once would do no harm, only double
work, because every apply names where its range starts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from expansion_signals.pipeline.serving import Only
from expansion_signals.pipeline.watermarks import Watermarks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from expansion_signals.log.second_reader import SecondReader
    from expansion_signals.model.records import Partition
    from expansion_signals.model.shards import ShardStanding
    from expansion_signals.ports import Patience, Shards
    from expansion_signals.worker.rebuilding import Rebuilding
    from expansion_signals.worker.stage import Absorber
    from expansion_signals.worker.status import StageStatus

LOOK_SECONDS = 5.0
_POLL_SECONDS = 0.5
_LEASE_SECONDS = 5.0
"""How often the lease is kept; it lasts three times as long."""

_NEAR = 1_000
"""Records from the end at which a shard is handed back: the stage's own reader reads so many once more, at most."""

log = logging.getLogger(__name__)


class BringingUp:
    """Brings the late shards of one stage up to the others, and before that makes lost ones anew (`rebuilding`).

    `reader` gives a second reader of the stage's topics, `absorber` what takes its polls; `number` is how many shards
    there are, `holder` tells this worker's lease from another's.
    """

    def __init__(  # noqa: PLR0913 -- the parts of a stage, once more
        self,
        stage: str,
        shards: Shards,
        number: int,
        *,
        topic_names: Mapping[str, str],
        reader: Callable[[], SecondReader],
        absorber: Callable[[Watermarks], Absorber],
        rebuilding: Rebuilding | None,
        patience: Patience,
        status: StageStatus,
        holder: str,
    ) -> None:
        self._stage = stage
        self._shards = shards
        self._number = number
        self._topic_names = topic_names
        self._reader = reader
        self._absorber = absorber
        self._rebuilding = rebuilding
        self._patience = patience
        self._status = status
        self._holder = holder
        self._kept_at = 0.0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask to end after the poll at hand; the shard stays late, for whoever comes next."""
        self._stopping.set()

    async def run(self) -> None:
        """Look for lost and late shards until stopped.

        Raises:
            RejectedState: the log does not hold what a late shard has yet to see.
        """
        while not self._stopping.is_set():
            await self.look()
            await self._pause()

    async def look(self) -> None:
        """Look once: make anew what is lost, bring up what is late.

        Raises what `run` raises.
        """
        standing = await self._patience(self._shards.standing)
        late = {shard for shard, stands in standing.items() if self._stage in stands.late}
        lost = set(range(self._number)) - standing.keys()
        self._status.late = len(late) + len(lost)
        if lost and standing and self._rebuilding is not None:
            await self._rebuild(self._rebuilding, lost, standing)
        if late:
            await self._bring_up(await self._leased(late, self._stage))

    async def _rebuild(
        self, rebuilding: Rebuilding, lost: Collection[int], standing: Mapping[int, ShardStanding]
    ) -> None:
        leased = await self._leased(lost, "rebuild")
        if not leased:
            return
        log.warning("Redis has lost %d of %d shards: making them anew", len(lost), len(lost) + len(standing))

        async def alive() -> None:
            await self._keep(leased, "rebuild")

        await rebuilding.rebuild(leased, late=True, alive=alive)
        for shard in leased:
            await self._patience(self._shards.caught_up, shard, "rebuild")

    async def _bring_up(self, shards: Collection[int]) -> None:
        if not shards:
            return
        log.warning("bringing up %d late shards in %s", len(shards), self._stage)
        watermarks = Watermarks(Only(self._shards, shards), self._topic_names)
        absorber, reader = self._absorber(watermarks), self._reader()
        try:
            extent = await self._patience(reader.extent)
            positions = await self._patience(watermarks.resume, list(extent.start), extent.start, extent.end)
            await reader.begin(extent, positions)
            if await self._read_on(reader, absorber, positions, shards):
                for shard in shards:
                    await self._patience(self._shards.caught_up, shard, self._stage)
                log.info("%d shards are with the others again in %s", len(shards), self._stage)
        finally:
            await reader.stop()

    async def _read_on(
        self,
        reader: SecondReader,
        absorber: Absorber,
        positions: Mapping[Partition, int],
        shards: Collection[int],
    ) -> bool:
        """Read until near the end; say whether that was reached before being stopped, or losing the lease."""
        while not self._stopping.is_set():
            poll = await self._patience(reader.poll, _POLL_SECONDS)
            rewind = await absorber.absorb(poll) if poll.records else {}
            reader.seek(rewind)
            positions = {**poll.positions, **rewind}
            if not rewind and all(lag <= _NEAR for lag in reader.lag().values()):
                await absorber.sweep(positions, {})
                return True
            if not await self._keep(shards, self._stage):
                return False
        return False

    async def _leased(self, shards: Collection[int], stage: str) -> list[int]:
        return [
            shard for shard in sorted(shards) if await self._patience(self._shards.lease, shard, stage, self._holder)
        ]

    async def _keep(self, shards: Collection[int], stage: str) -> bool:
        """Keep the lease; say whether it was kept."""
        if time.monotonic() - self._kept_at < _LEASE_SECONDS:
            return True
        self._kept_at = time.monotonic()
        return len(await self._leased(shards, stage)) == len(shards)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._stopping.wait()
        except TimeoutError:
            return
