"""When accounts are to be looked at, in memory: the reference that the one in Redis must equal (port `Due`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.day_used import used_by
from expansion_signals.model.instants import DAY
from expansion_signals.model.looks import DAILY, History
from expansion_signals.model.months import month_of
from expansion_signals.model.notes import Note
from expansion_signals.state.due import months_read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.day_used import DayUsed
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.looks import Look
    from expansion_signals.state.memory import MemoryStore
    from expansion_signals.state.memory_account import KeptAccount


class MemoryDue:
    """Looks of a memory store. A lease never ends by itself: there is no clock."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._leases: dict[int, str] = {}

    async def due(self, until: Mapping[int, Instant], most: int) -> Mapping[int, Sequence[Look]]:
        """Return by shard the looks due at its instant, the longest overdue first, at most so many of each shard."""
        looks = {shard: self._store.shards[shard].due.due(at, most) for shard, at in until.items()}
        return {shard: due for shard, due in looks.items() if due}

    async def lease(self, shard: int, holder: str) -> bool:
        """Take the lease of looking at a shard's accounts, or keep it; False while another has it."""
        return self._leases.setdefault(shard, holder) == holder

    async def histories(self, shard: int, accounts: Sequence[str], day: int) -> Sequence[History]:
        """Return what is kept of these accounts up to the day after this UTC day."""
        return [_history(account, self._store.shards[shard].account(account), day) for account in accounts]

    async def move(self, shard: int, looks: Sequence[tuple[Look, Instant | None]]) -> None:
        """Move each look to when it is due next, None: away; one that was put elsewhere meanwhile stays there."""
        due = self._store.shards[shard].due
        for look, then in looks:
            place = (look.account, look.reason)
            if due.get(place) != look.at:
                continue
            if then is None:
                del due[place]
            else:
                due[place] = then

    async def sum_up(self, shard: int, day: int) -> bool:
        """Keep what the shard's accounts used on this UTC day, in place of an earlier one; it is all at once."""
        kept = self._store.shards[shard]
        if kept.used is None or kept.used.day < day:
            accounts = [kept.account(name) for name, reason in kept.due if reason == DAILY]
            kept.used = used_by(day, [_uses(each.profile, each, day) for each in accounts if each.profile is not None])
        return True

    async def summed_up(self) -> Sequence[int | None]:
        """Return which UTC day every shard has summed up last, None where it never has."""
        return [shard.used.day if shard.used else None for shard in self._store.shards]

    async def used(self, shard: int) -> DayUsed | None:
        """Return what the shard's accounts used on the day that it has summed up last, None where it never has."""
        return self._store.shards[shard].used


def _uses(profile: Profile, kept: KeptAccount, day: int) -> tuple[str, Mapping[str, int]]:
    return profile.account.plan, {meter: level.amount for (meter, on), level in kept.days.items() if on == day}


def _history(account: str, kept: KeptAccount, day: int) -> History:
    months = months_read(day)
    days = {place: level.amount for place, level in kept.days.items() if month_of(place[1]) in months}
    first = min([day for _, day in days] + [month.later(-1).end // DAY for _, month in kept.totals], default=None)
    levels = {counter: level.amount for counter, level in kept.levels.items()}
    return History(account, kept.profile, kept.notes.get(DAILY, Note()), days, levels, first)
