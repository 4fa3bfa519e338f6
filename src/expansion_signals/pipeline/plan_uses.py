"""What all accounts of each plan used on the day that closed last: every shard sums up its own (semantics 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.power_users import PlanUse, used_together
from expansion_signals.pipeline.looks import last_closed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.looks import DayUsed
    from expansion_signals.pipeline.metering import Outside

EACH = 4
"""Shards that one sweep sums up."""


class PlanUses:
    """Sums up shards, and knows what all of them say together once they are all there. `holder` takes leases."""

    def __init__(self, outside: Outside, holder: str) -> None:
        self._outside = outside
        self._holder = holder
        self._day: int | None = None
        self._used: Mapping[tuple[str, str], PlanUse] = {}

    def of(self, day: int) -> Mapping[tuple[str, str], PlanUse]:
        """Return what was used on this UTC day by plan and meter; nothing while a shard is missing."""
        return self._used if day == self._day else {}

    async def learn(self, reached: Mapping[int, Instant]) -> None:
        """Sum up some of the shards whose day has closed; `reached` has the append time of those served here."""
        closed = {shard: last_closed(at) for shard, at in reached.items()}
        if not closed or self._day == max(closed.values()):
            return
        parts = await self._outside.patience(self._outside.due.summed_up)
        old = [shard for shard, day in closed.items() if _is_before(parts[shard], day)]
        if await self._sum_up(old[:EACH], closed):
            parts = await self._outside.patience(self._outside.due.summed_up)
        whole = [part for part in parts if part is not None]
        if len(whole) == len(parts) and len({part.day for part in whole}) == 1:
            self._day, self._used = whole[0].day, used_together(whole)

    async def _sum_up(self, shards: Sequence[int], closed: Mapping[int, int]) -> bool:
        """Sum up those of which this worker gets the lease; say whether there were any."""
        leased = [
            shard for shard in shards if await self._outside.patience(self._outside.due.lease, shard, self._holder)
        ]
        for shard in leased:
            await self._outside.patience(self._outside.due.sum_up, shard, closed[shard])
        return bool(leased)


def _is_before(part: DayUsed | None, day: int) -> bool:
    return part is None or part.day < day
