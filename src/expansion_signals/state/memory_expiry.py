"""Expiry in memory: the reference that the janitor of Redis must equal (port `Expiry`).

What is found key by key there is looked at account by account here, all of them each time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.changes import Add, Raise, Replace
from expansion_signals.model.last_seen import LastSeen
from expansion_signals.model.levels import Level, changed
from expansion_signals.model.months import month_of
from expansion_signals.model.windows import DAYS_KEPT, last_days
from expansion_signals.pipeline.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.decide.decided import Decided
    from expansion_signals.model.catalog import Aggregation, Catalog
    from expansion_signals.model.changes import Change
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.memory import MemoryStore
    from expansion_signals.state.memory_account import KeptAccount
    from expansion_signals.state.memory_policy import MemoryPolicy

_HOURS_A_DAY = 24

_FOLDED: Mapping[Aggregation, Callable[[Level], Change]] = {
    "sum": lambda day: Add(day.amount),
    "count": lambda day: Add(day.amount),
    "max": lambda day: Raise(day.amount),
    "latest": lambda day: Replace(day.amount, *(day.order or (0, 0))),
}
"""What a day adds to its month; nothing is kept of `unique`."""


class MemoryExpiry:
    """Forgets what is old in a `store` and its `policy`; the rest is as in `Janitor`."""

    def __init__(
        self,
        store: MemoryStore,
        policy: MemoryPolicy,
        *,
        acceptance: Duration,
        metered: Sequence[str],
        decided: Sequence[str],
    ) -> None:
        self._store = store
        self._policy = policy
        self._acceptance = acceptance
        self._metered = metered
        self._decided = decided
        self._next = 0

    async def next_shard(self, topic: str) -> int:
        """Forget identities that no record to come can ask for, in one more shard."""
        shard = self._store.shards[self._next]
        self._next = (self._next + 1) % len(self._store.shards)
        return shard.forget(shard.reached_everywhere([topic]))

    async def next_accounts(self, catalog: Catalog) -> int:
        """Forget what is old of all accounts; return in how many something was."""
        changed_accounts = 0
        for shard, decisions in zip(self._store.shards, self._policy.shards, strict=True):
            retention = Retention(catalog, self._acceptance, shard.reached_everywhere(self._metered))
            reached = shard.reached_everywhere(self._decided)
            for name, kept in list(shard.accounts.items()) if retention.reached else ():
                changed_accounts += _Expiring(kept, retention).expire()
                if kept.is_empty:
                    del shard.accounts[name]
            changed_accounts += _forget_decisions(decisions, reached)
        return changed_accounts


def _forget_decisions(decisions: dict[str, Decided], reached: Instant) -> int:
    """Drop entries past their time; return of how many accounts. The revision rises, and goes with the last of them."""
    expired = 0
    for account, decided in list(decisions.items()):
        left = {key: entry for key, entry in decided.entries.items() if entry.kept_until > reached}
        remembered = decided.remembered if decided.remembered.kept_until() > reached else Remembered()
        is_old = len(left) < len(decided.entries) or remembered != decided.remembered
        expired += is_old
        if is_old and not left and remembered.is_empty:
            del decisions[account]
        elif is_old:
            decisions[account] = replace(decided, revision=decided.revision + 1, entries=left, remembered=remembered)
    return expired


class _Expiring:
    """One account, as the retention of its shard finds it."""

    def __init__(self, kept: KeptAccount, retention: Retention) -> None:
        self._kept = kept
        self._retention = retention

    def expire(self) -> bool:
        """Drop what is old; say whether anything was."""
        dropped = self._fold()
        dropped |= self._drop_totals()
        dropped |= self._drop_days_seen()
        if self._kept.facts:
            return dropped
        return self._drop_hours() | self._drop_counters() | dropped

    def _fold(self) -> bool:
        over = {place for place in self._kept.days if self._retention.is_over(month_of(place[1]))}
        for meter, day in over:
            bucket, found = self._kept.days.pop((meter, day)), self._retention.catalog.meters.get(meter)
            if found and found.aggregation in _FOLDED:
                place = (meter, month_of(day))
                total = changed(self._kept.totals.get(place), _FOLDED[found.aggregation](bucket))
                self._kept.totals[place] = total or Level()
        return bool(over)

    def _drop_totals(self) -> bool:
        old = {place for place in self._kept.totals if place[1] < self._retention.totals_from}
        for place in old:
            del self._kept.totals[place]
        return bool(old)

    def _drop_days_seen(self) -> bool:
        first = last_days(self._retention.reached, DAYS_KEPT).start
        dropped = False
        for meter, seen in list(self._kept.last_seen.items()):
            left = seen.since(first)
            dropped |= left != seen
            self._kept.last_seen[meter] = left
            if left == LastSeen():
                del self._kept.last_seen[meter]
        return dropped

    def _drop_hours(self) -> bool:
        old = {place for place in self._kept.hours if place[1] // _HOURS_A_DAY < self._retention.hours_from}
        for place in old:
            del self._kept.hours[place]
        if not self._kept.hours:
            self._kept.hours_revision = None
        return bool(old)

    def _drop_counters(self) -> bool:
        gone = self._retention.counters_gone(self._kept.levels, self._kept.profile)
        if self._was_forgotten(gone):
            gone = set(self._kept.levels)
        for counter in gone:
            self._kept.forget(counter)
        return bool(gone)

    def _was_forgotten(self, gone: set[Counter]) -> bool:
        """Say whether the account was never known and not used on a day by which it is kept (semantics 2.9)."""
        kept, first = self._kept, self._retention.hours_from
        if kept.profile or kept.written or kept.hours or not self._retention.are_stocks(kept.levels.keys() - gone):
            return False
        seen = [day for each in kept.last_seen.values() for day in each.days_seen()]
        return all(day < first for day in [*(day for _, day in kept.days), *seen])
