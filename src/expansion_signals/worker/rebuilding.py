"""Rebuilding: lost shards are made anew with what the log tells (architecture, When Redis loses data)."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from expansion_signals.model.records import Partition
from expansion_signals.pipeline.deciding import DECISIONS, PROMPT_EVENTS
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.pipeline.restoring import Restoring

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

    from expansion_signals.log.second_reader import Extent, SecondReader
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Poll
    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.ports import AuditCodec, Patience, Shards

SIGNALS = "expansion-signals"

_POLL_SECONDS = 0.5

log = logging.getLogger(__name__)


class Rebuilding:
    """Makes lost shards anew. `reader` gives a second reader of these topics; `topic_names` as in `Watermarks`."""

    def __init__(  # noqa: PLR0913 -- the parts of a rebuilding
        self,
        reader: Callable[[tuple[str, ...]], SecondReader],
        codec: AuditCodec,
        shards: Shards,
        epochs: Epochs,
        topic_names: Mapping[str, str],
        *,
        shard_of: Callable[[str], int],
        clock: Callable[[], Instant],
        nonce: Callable[[], str],
        patience: Patience,
    ) -> None:
        self._reader = reader
        self._codec = codec
        self._shards = shards
        self._epochs = epochs
        self._topic_names = topic_names
        self._shard_of = shard_of
        self._clock = clock
        self._nonce = nonce
        self._patience = patience

    async def rebuild(
        self, lost: Collection[int], *, late: bool, alive: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Make these shards anew; a second reader brings them up where the others are further (`late`).

        `alive` is called now and then: it is the sign that this takes long because there is much to read.
        """
        restoring = Restoring(
            self._codec,
            self._shard_of,
            self._epochs.configuration,
            self._topic_names,
            shards=lost,
            epoch=self._epochs.current,
            now=self._clock(),
            late=late,
        )
        await self._read(DECISIONS, restoring.decisions, alive)
        prompts = await self._read(PROMPT_EVENTS, restoring.prompts, alive)
        signals = await self._read(SIGNALS, restoring.signals, alive)
        # What was never told needs no care: a deployment without a signal is new, whatever its log has forgotten.
        since = await self.since() if any(signals.values()) else None
        stand = {**signals, **prompts, **await self._starts(USAGE_EVENTS), **await self._starts(ACCOUNT_UPDATES)}
        positions = {f"{self._topic_names[topic]}/{number}": at for (topic, number), at in stand.items()}
        await self._patience(self._shards.rebuild, restoring.restored(positions, since), self._nonce())

    async def _starts(self, topic: str) -> Mapping[Partition, int]:
        """Return where a topic's partitions begin; a shard that knows of one forgets nothing that it may yet repeat."""
        async with self._reading(topic) as (_, extent):
            return extent.start

    async def _read(
        self, topic: str, take: Callable[..., None], alive: Callable[[], Awaitable[None]] | None
    ) -> Mapping[Partition, int]:
        """Read a topic from its beginning to where it ends now; return that end."""
        async with self._reading(topic) as (reader, extent):
            await reader.begin(extent, extent.start)
            positions, read = dict(extent.start), 0
            while any(positions[partition] < end for partition, end in extent.end.items()):
                poll: Poll = await self._patience(reader.poll, _POLL_SECONDS)
                take(poll.records)
                positions, read = dict(poll.positions), read + len(poll.records)
                if alive is not None:
                    await alive()
            if read:
                log.info("read %s again, for lost shards: %d records", topic, read)
            return positions

    async def since(self) -> Instant | None:
        """Return the append time from which on the log holds every event; None where it holds all there ever were."""
        async with self._reading(USAGE_EVENTS) as (reader, extent):
            cut = {partition: start for partition, start in extent.start.items() if start > 0}
            if not cut:
                return None
            await reader.begin(extent, cut)
            first: dict[Partition, Instant] = {
                partition: self._clock() for partition in cut if extent.end[partition] == extent.start[partition]
            }
            while len(first) < len(cut):
                poll: Poll = await self._patience(reader.poll, _POLL_SECONDS)
                for record in poll.records:
                    first.setdefault(Partition(record.topic, record.partition), record.appended)
            return max(first.values())

    @asynccontextmanager
    async def _reading(self, topic: str) -> AsyncIterator[tuple[SecondReader, Extent]]:
        reader = self._reader((topic,))
        try:
            yield reader, await self._patience(reader.extent)
        finally:
            await reader.stop()
