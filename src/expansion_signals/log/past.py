"""The past: topics read from an instant to where they end now, without a group and without a trace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from expansion_signals.errors import LogUnavailable
from expansion_signals.log.second_reader import SecondReader
from expansion_signals.model.records import Partition
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
    from types import TracebackType

    from expansion_signals.log.second_reader import Extent
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Record
    from expansion_signals.security import KafkaSecurity

_POLL_SECONDS = 0.5
_SILENT_SECONDS = 30.0
"""A broker that hands out nothing for so long, although there is more, is away."""


class LogPast:
    """Reads what was appended to these topics from `since` on, up to where they end when it is entered.

    Every partition is read: a topic may have got more of them since, and reports of prompts are put on partitions by
    whoever sends them. Topic names go without the deployment's `prefix`; `clock` is as for `SecondReader`.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the deployment
        self,
        servers: str,
        topics: Collection[str],
        *,
        since: Instant,
        clock: Callable[[], Instant],
        prefix: str = "",
        fetch_wait_seconds: float = 0.5,
        security: KafkaSecurity = PLAINTEXT,
    ) -> None:
        self._servers = servers
        self._since = since
        self._reader = SecondReader(
            servers, topics, clock, prefix=prefix, fetch_wait_seconds=fetch_wait_seconds, security=security
        )
        self._extent: Extent | None = None
        self._begin: dict[Partition, int] = {}

    async def __aenter__(self) -> Self:
        """Find the places to begin at.

        Raises:
            LogUnavailable: no broker answers.
            RejectedState: topics are missing, or the broker refuses us.
        """
        try:
            self._extent = extent = await self._reader.extent()
            found = await self._reader.at(self._since)
            begin = {partition: offset for partition, offset in found.items() if offset is not None}
            begin |= await self._untold([partition for partition, offset in found.items() if offset is None])
            self._begin = {partition: offset for partition, offset in begin.items() if offset < extent.end[partition]}
        except BaseException:
            await self._reader.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._reader.stop()

    @property
    def total(self) -> int:
        """How many offsets are to be read."""
        extent = self._extent
        assert extent is not None  # noqa: S101 -- used inside its context only
        return sum(extent.end[partition] - offset for partition, offset in self._begin.items())

    async def records(self) -> AsyncIterator[tuple[Sequence[Record], int]]:
        """Yield records of `since` or later, in the order of each partition, each time with the offsets passed so far.

        Raises:
            LogUnavailable: the broker is away.
            RejectedState: retention has taken records while they were read, or the broker refuses us.
        """
        async for records, passed in self._read(self._begin):
            yield [record for record in records if record.appended >= self._since], passed

    async def _untold(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Return where partitions begin of which the broker names no record of `since` or later.

        There is none, or the broker keeps no times, as the embedded one: then its last record is later.
        """
        assert self._extent is not None  # noqa: S101 -- called while entering
        start, end = self._extent
        last = {partition: end[partition] - 1 for partition in partitions if end[partition] > start[partition]}
        late = [
            (record.topic, record.partition)
            async for records, _ in self._read(last)
            for record in records
            if record.appended >= self._since
        ]
        return {partition: start[partition] for partition in last if partition in late}

    async def _read(self, begin: Mapping[Partition, int]) -> AsyncIterator[tuple[Sequence[Record], int]]:
        extent = self._extent
        assert extent is not None  # noqa: S101 -- used inside its context only
        if not begin:
            return
        await self._reader.begin(extent, begin)
        positions, heard = begin, asyncio.get_running_loop().time()
        while any(positions[partition] < extent.end[partition] for partition in begin):
            poll = await self._reader.poll(_POLL_SECONDS)
            now = asyncio.get_running_loop().time()
            if poll.positions != positions:
                positions, heard = poll.positions, now
            elif now - heard > _SILENT_SECONDS:
                raise LogUnavailable(f"Kafka at {self._servers} has not answered for {_SILENT_SECONDS:.0f} s")
            records = [each for each in poll.records if each.offset < extent.end[Partition(each.topic, each.partition)]]
            yield records, sum(min(positions[each], extent.end[each]) - offset for each, offset in begin.items())
