"""Days that are over: accounts that are due are read, judged and moved on to their next day (semantics 6.1, 6.2).

    1. what is due, in shards that this worker serves, by the append time that each has reached
    2. a lease of the shard               economy alone: without it two workers would read the same
    3. read and judge                     pure, over what stood at one moment
    4. apply                              what was found becomes facts, where the account's note is as it was read
    5. publish, mark                      as every fact
    6. move                               only where nobody has put the look elsewhere

A crash after 4: the facts are published by whoever finds them, and the note says that the day has been told. After 5:
the account is looked at again, and nothing is found twice. Two workers that look at once: the note of one stands.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from expansion_signals.detect.days import Day, read_told, written_told
from expansion_signals.detect.forecast import run_out_forecast
from expansion_signals.detect.growth import accelerated, declined, volume_grown
from expansion_signals.detect.power_users import power_user_reached
from expansion_signals.detect.renewal import renewal_near
from expansion_signals.model.batches import AccountBatch, Applied, Lost, ShardBatch, StaleEpoch
from expansion_signals.model.instants import day_of
from expansion_signals.model.looks import DAILY
from expansion_signals.model.notes import NoteChange
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.pipeline.looks import last_closed, look_at
from expansion_signals.pipeline.plan_uses import PlanUses
from expansion_signals.rules.truth import Known, applies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from expansion_signals.detect.days import Judge
    from expansion_signals.detect.power_users import PlanUse
    from expansion_signals.model.facts import AccountFacts
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.looks import History, Look
    from expansion_signals.model.records import Partition
    from expansion_signals.pipeline.metering import Outside
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.rules.configuration import Configuration, WatchRule

POWER_USERS = "power_user_reached"

JUDGES: Mapping[str, Judge] = {
    "usage_accelerated": accelerated,
    "volume_grown": volume_grown,
    "usage_declined": declined,
    "usage_run_out_forecast": run_out_forecast,
    "renewal_near": renewal_near,
    POWER_USERS: power_user_reached,
}
"""What looks at a day, by the signal of its rules."""

EACH, MOST_SHARDS = 4, 16
"""Accounts of a shard, and shards, that one sweep looks at: the worker counts nothing meanwhile."""


class Daily:
    """Looks at the days of accounts. `settle` judges, publishes and marks facts until none is left."""

    def __init__(
        self,
        outside: Outside,
        watermarks: Watermarks,
        settle: Callable[[Iterable[AccountFacts]], Awaitable[None]],
    ) -> None:
        self._outside = outside
        self._watermarks = watermarks
        self._settle = settle
        self._holder = outside.nonce()
        self._plan_uses = PlanUses(outside.due, outside.patience, self._holder)

    async def look(self, read: Mapping[Partition, Instant]) -> bool:
        """Look at some of the accounts that are due, and say whether any were.

        `read` has the append time reached in partitions that are read to their end.
        """
        patience, due = self._outside.patience, self._outside.due
        reached = self._watermarks.reached((USAGE_EVENTS, ACCOUNT_UPDATES), read)
        if any(rule.signal == POWER_USERS for rule in daily_rules(self._outside.epochs.configuration)):
            await self._plan_uses.learn(reached)
        found = await patience(due.due, reached, EACH) if reached else {}
        longest_overdue = sorted(found, key=lambda shard: found[shard][0].at)
        for shard in longest_overdue[:MOST_SHARDS]:
            if await patience(due.lease, shard, self._holder):
                await self._look_at(shard, found[shard], reached[shard])
        return bool(found)

    async def _look_at(self, shard: int, looks: Sequence[Look], now: Instant) -> None:
        """Look at these accounts; those that changed meanwhile stay due, and are read again by the next sweep."""
        day, configuration = last_closed(now), self._outside.epochs.configuration
        unknown: set[str] = set()
        if daily_rules(configuration):
            accounts = [look.account for look in looks]
            histories = await self._outside.patience(self._outside.due.histories, shard, accounts, day)
            unknown = {history.account for history in histories if history.profile is None}
            if not await self._tell(shard, [each for each in histories if each.profile], now):
                return
        following = [(look, None if look.account in unknown else look_at(look.account, day + 1)) for look in looks]
        await self._outside.patience(self._outside.due.move, shard, following)

    async def _tell(self, shard: int, histories: Iterable[History], now: Instant) -> bool:
        """Judge these accounts and publish what is found; say whether all of it is out."""
        epochs = self._outside.epochs
        since = self._watermarks.since(shard)
        used = self._plan_uses.of(last_closed(now))
        found = [judged(each, now, epochs.configuration, since, used) for each in histories]
        accounts = [each for each in found if each is not None]
        if not accounts:
            return True
        batch = ShardBatch(shard, epochs.current, self._outside.nonce(), (), accounts=accounts)
        [answer] = await self._outside.patience(self._outside.store.apply, [batch])
        match answer:
            case Applied():
                await self._settle(answer.facts)
            case StaleEpoch():
                await self._outside.patience(epochs.advance, answer.epoch)
            case Lost():
                self._watermarks.lost(shard)
        return isinstance(answer, Applied)


@lru_cache(maxsize=8)
def daily_rules(configuration: Configuration) -> Sequence[WatchRule]:
    """Return the rules that look at days, in the order of the file."""
    return tuple(rule for rule in configuration.watch_rules if rule.signal in JUDGES)


def judged(
    history: History,
    now: Instant,
    configuration: Configuration,
    since: Instant | None,
    used: Mapping[tuple[str, str], PlanUse],
) -> AccountBatch | None:
    """Return what the daily rules find of an account's last closed day, with the note that remembers it; or None.

    `since` is set where the shard was rebuilt from a log that holds nothing older: what lies before it is not known.
    `used` is what all accounts used that day, by plan and meter.
    """
    assert history.profile is not None  # noqa: S101 -- nothing is judged of an account that is not known
    first = history.first_day
    if first is not None and since is not None:
        first = max(first, day_of(since) + 1)
    number = last_closed(now)
    day = Day(
        account=history.account,
        number=number,
        now=now,
        profile=history.profile,
        catalog=configuration.catalog,
        amounts=history.days,
        levels=history.levels,
        first=first,
        used=used,
    )
    rules, told = daily_rules(configuration), read_told(history.note.text)
    known = Known(day.profile.account, day.catalog.currency, day.over)
    applying = [rule for rule in rules if applies(rule.when, known)]
    found = [signal for rule in applying for signal in JUDGES[rule.signal](rule, day, told)]
    if not found:
        return None
    note = NoteChange(DAILY, history.note.revision, written_told(told, rules))
    return AccountBatch(history.account, history.profile, notes=[note], found=found)
