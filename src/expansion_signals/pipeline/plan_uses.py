"""What all accounts of each plan used on the day that closed last: every shard sums up its own (semantics 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.power_users import PlanUse, plan_uses
from expansion_signals.model.day_used import DayUsed, together
from expansion_signals.model.identities import identity_of
from expansion_signals.pipeline.looks import last_closed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.ports import Due, Patience

EACH = 4
"""Shards that one sweep goes on with: the worker counts nothing meanwhile."""

_NOTHING = DayUsed(-1, {}, {})


class PlanUses:
    """Sums up shards, and knows what all of them say together once they are all there. `holder` takes leases."""

    def __init__(self, due: Due, patience: Patience, holder: str) -> None:
        self._due = due
        self._patience = patience
        self._holder = holder
        self._day: int | None = None
        self._used: Mapping[tuple[str, str], PlanUse] = {}
        self._so_far = _NOTHING
        self._next = 0

    def of(self, day: int) -> Mapping[tuple[str, str], PlanUse]:
        """Return what was used on this UTC day by plan and meter; nothing while a shard is missing."""
        return self._used if day == self._day else {}

    async def learn(self, reached: Mapping[int, Instant]) -> None:
        """Sum up some of the shards whose day has closed; `reached` has the append time of those served here."""
        closed = {shard: last_closed(at) for shard, at in reached.items()}
        if not closed or self._day == max(closed.values()):
            return
        days = await self._patience(self._due.summed_up)
        late = [shard for shard, day in closed.items() if _is_before(days[shard], day)]
        if await self._sum_up(sorted(late, key=self._turn)[:EACH], closed):
            days = await self._patience(self._due.summed_up)
        if len(set(days)) == 1 and days[0] not in (None, self._day):
            await self._put_together(days[0], len(days))

    async def _sum_up(self, shards: Sequence[int], closed: Mapping[int, int]) -> bool:
        """Go on with those of which this worker gets the lease; say whether any is summed up."""
        leased = [shard for shard in shards if await self._patience(self._due.lease, shard, self._holder)]
        done = [await self._patience(self._due.sum_up, shard, closed[shard]) for shard in leased]
        return any(done)

    async def _put_together(self, day: int, shards: int) -> None:
        """Add the parts of the next shards; from the first on where one is gone, or of another day by now."""
        if self._so_far.day != day:
            self._so_far, self._next = DayUsed(day, {}, {}), 0
        for shard in range(self._next, min(self._next + EACH, shards)):
            part = await self._patience(self._due.used, shard)
            if part is None or part.day != day:
                self._so_far = _NOTHING
                return
            self._so_far, self._next = together(day, [self._so_far, part]), shard + 1
        if self._next == shards:
            self._day, self._used = day, plan_uses(self._so_far)
            self._so_far = _NOTHING

    def _turn(self, shard: int) -> str:
        """Return where a shard stands in the order of this worker: in its own, or all would wait for the same lease."""
        return identity_of("sum up", self._holder, str(shard))


def _is_before(summed_up: int | None, day: int) -> bool:
    return summed_up is None or summed_up < day
