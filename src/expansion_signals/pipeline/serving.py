"""Which shards a reader serves: a stage's own all but the lost and the late, a second reader those it brings up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from expansion_signals.errors import StateLost

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from expansion_signals.model.records import Partition
    from expansion_signals.model.shards import ShardStanding
    from expansion_signals.ports import Shards

LATE_RECORDS = 100_000
"""How many records of one partition a shard may be behind the others before it is late.

Up to here the stage's own reader reads them once more: the other shards pass them over, some seconds' work. In records,
not in time: how long others would wait for it hangs on the records alone.
"""


class Served(NamedTuple):
    """The shards that stand, and those of them that are served."""

    standing: Mapping[int, ShardStanding]
    served: Collection[int]


class Serving(Protocol):
    """Says which shards a reader serves."""

    async def among(self, names: Mapping[Partition, str], log_start: Mapping[Partition, int]) -> Served:
        """Return what stands and what is served, for a reader of these partitions; `names` as the state knows them.

        Raises:
            StateLost: no shard stands any more.
        """


class AllButLate:
    """A stage's own reader: a shard that is lost or late is left to a second reader."""

    def __init__(self, shards: Shards, stage: str, late_records: int = LATE_RECORDS) -> None:
        self._shards = shards
        self._stage = stage
        self._late_records = late_records

    async def among(self, names: Mapping[Partition, str], log_start: Mapping[Partition, int]) -> Served:
        """Return what stands and is not late; a shard too far behind the others is declared late."""
        standing = await self._shards.standing()
        if not standing:
            raise StateLost("Redis holds nothing of this deployment any more")
        served = {shard for shard, stands in standing.items() if self._stage not in stands.late}
        late = {
            shard
            for partition, name in names.items()
            for shard in _behind(
                {shard: standing[shard].watermarks.get(name, log_start[partition]) for shard in served},
                self._late_records,
            )
        }
        if late:
            await self._shards.delay(late, self._stage)
        return Served(standing, served - late)


class Only:
    """A second reader: it serves the shards it was given, as long as they stand."""

    def __init__(self, shards: Shards, given: Collection[int]) -> None:
        self._shards = shards
        self._given = given

    async def among(
        self,
        names: Mapping[Partition, str],  # noqa: ARG002 -- it serves them however far they are behind
        log_start: Mapping[Partition, int],  # noqa: ARG002 -- the same
    ) -> Served:
        """Return what stands, and those given that do."""
        standing = await self._shards.standing()
        return Served(standing, [shard for shard in self._given if shard in standing])


def _behind(offsets: Mapping[int, int], late_records: int) -> Collection[int]:
    furthest = max(offsets.values(), default=0)
    return {shard for shard, offset in offsets.items() if furthest - offset > late_records}
