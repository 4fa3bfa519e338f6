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

from expansion_signals.detect.activity import NOTE as ACTIVITY
from expansion_signals.detect.activity import Activity
from expansion_signals.detect.activity_told import daily_reading
from expansion_signals.detect.bare_reading import hold_ended
from expansion_signals.detect.beside import known_of, notes_of
from expansion_signals.detect.days import Day, read_told, written_told
from expansion_signals.detect.forecast import run_out_forecast
from expansion_signals.detect.growth import accelerated, declined, volume_grown
from expansion_signals.detect.levels_used import standings
from expansion_signals.detect.looked import looked_at
from expansion_signals.detect.power_users import power_user_reached
from expansion_signals.detect.renewal import renewal_near
from expansion_signals.detect.seat_limits import occupancy_at
from expansion_signals.model.batches import AccountBatch, Applied, Lost, ShardBatch, StaleEpoch
from expansion_signals.model.instants import day_of
from expansion_signals.model.looks import DAILY, HOLD
from expansion_signals.model.notes import NoteChange
from expansion_signals.model.signals import Signal
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.pipeline.looks import last_closed, look_at
from expansion_signals.pipeline.plan_uses import PlanUses
from expansion_signals.rules.asked_facts import facts_beside
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.truth import applies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from expansion_signals.detect.days import Judge
    from expansion_signals.detect.power_users import PlanUse
    from expansion_signals.model.facts import AccountFacts
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.looks import History, Look
    from expansion_signals.model.notes import Note
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
        await self._end_holds(shard, [look for look in looks if look.reason == HOLD], now)
        await self._look_at_days(shard, [look for look in looks if look.reason == DAILY], now)

    async def _look_at_days(self, shard: int, looks: Sequence[Look], now: Instant) -> None:
        if not looks:
            return
        day, configuration = last_closed(now), self._outside.epochs.configuration
        unknown: set[str] = set()
        if daily_rules(configuration) or configuration.asked.looks:
            accounts = [look.account for look in looks]
            histories = await self._outside.patience(self._outside.due.histories, shard, accounts, day)
            unknown = {history.account for history in histories if history.profile is None}
            if not await self._tell(shard, [each for each in histories if each.profile], now):
                return
        following = [(look, None if look.account in unknown else look_at(look.account, day + 1)) for look in looks]
        await self._outside.patience(self._outside.due.move, shard, following)

    async def _end_holds(self, shard: int, looks: Sequence[Look], now: Instant) -> None:
        """Tell how these accounts stand, so that what is held of them is judged again (semantics 7.5)."""
        if not looks:
            return
        epochs, patience = self._outside.epochs, self._outside.patience
        accounts = [look.account for look in looks]
        histories = await patience(self._outside.due.histories, shard, accounts, last_closed(now))
        notes = await patience(self._outside.accounts.notes, {(each, of) for each in accounts for of in (HOLD, SEATS)})
        since = self._watermarks.since(shard)
        found = [
            hold_over(look, day_of_account(history, now, epochs.configuration, since, {}), notes)
            for look, history in zip(looks, histories, strict=True)
            if history.profile is not None
        ]
        if await self._apply(shard, [batch for batch in found if batch is not None]):
            await patience(self._outside.due.move, shard, [(look, None) for look in looks])

    async def _tell(self, shard: int, histories: Sequence[History], now: Instant) -> bool:
        """Judge these accounts and publish what is found; say whether all of it is out."""
        epochs = self._outside.epochs
        since = self._watermarks.since(shard)
        used = self._plan_uses.of(last_closed(now))
        notes = await self._notes([each.account for each in histories])
        days = [day_of_account(each, now, epochs.configuration, since, used) for each in histories]
        found = [
            judged(each, day, epochs.configuration, notes[each.account])
            for each, day in zip(histories, days, strict=True)
        ]
        return await self._apply(shard, [each for each in found if each is not None])

    async def _apply(self, shard: int, accounts: Sequence[AccountBatch]) -> bool:
        epochs = self._outside.epochs
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

    async def _notes(self, accounts: Iterable[str]) -> Mapping[str, Mapping[str, Note]]:
        """Return by account the notes that a look asks beside its own."""
        subjects = _notes_asked(self._outside.epochs.configuration)
        places = {(account, subject) for account in accounts for subject in subjects}
        found = await self._outside.patience(self._outside.accounts.notes, places) if places else {}
        return {account: {subject: found[account, subject] for subject in subjects} for account in accounts}


@lru_cache(maxsize=8)
def daily_rules(configuration: Configuration) -> Sequence[WatchRule]:
    """Return the rules that look at days, in the order of the file."""
    return tuple(rule for rule in configuration.watch_rules if rule.signal in JUDGES)


@lru_cache(maxsize=8)
def _notes_asked(configuration: Configuration) -> Sequence[str]:
    """Return the subjects of the notes that conditions of daily rules are asked of, or that a look writes."""
    facts = {fact for rule in daily_rules(configuration) for fact in facts_beside(rule.signal, rule.when)}
    asked = configuration.asked
    return sorted({*notes_of(facts), *([ACTIVITY] if asked.looks else []), *([SEATS] if asked.tells else [])})


def judged(history: History, day: Day, configuration: Configuration, notes: Mapping[str, Note]) -> AccountBatch | None:
    """Return what the daily rules find of an account's last closed day, with the notes that remember it; or None.

    `notes` are those that `_notes_asked` names: the one of activity also keeps what this look finds of growth and of
    limits, for conditions that are asked later, and that a reading told of the day.
    """
    asked, readings = configuration.asked, list[Signal]()
    texts = {subject: note.text for subject, note in notes.items()}
    if asked.looks:
        activity = Activity.read(texts[ACTIVITY])
        activity.looked = looked_at(day, asked.windows.get("usage_growth", ()))
        if asked.tells:
            readings += daily_reading(activity, day, texts[SEATS], asked, configuration.criteria)
        texts[ACTIVITY] = activity.written()
    rules, told = daily_rules(configuration), read_told(history.note.text)
    known = known_of(day.profile.account, day.catalog, day.over, texts)
    applying = [rule for rule in rules if applies(rule.when, known)]
    judged_now = [signal for rule in applying for signal in JUDGES[rule.signal](rule, day, told)]
    changes = [
        NoteChange(subject, note.revision, None if texts[subject] == note.text else texts[subject])
        for subject, note in notes.items()
    ]
    if judged_now:
        changes.append(NoteChange(DAILY, history.note.revision, written_told(told, rules)))
    if all(change.text is None for change in changes):
        return None
    return AccountBatch(history.account, history.profile, notes=changes, found=[*judged_now, *readings])


def hold_over(look: Look, day: Day, notes: Mapping[tuple[str, str], Note]) -> AccountBatch | None:
    """Return what a look tells once a hold is over, with the note that says so; None where that was told before."""
    note, seats = notes[look.account, HOLD], notes[look.account, SEATS]
    told = str(look.at)
    if note.text == told:
        return None
    occupancy = occupancy_at(seats.text, day.profile.account, day.catalog, day.now)
    reading = hold_ended(day, look.at, list(standings(day)), occupancy)
    return AccountBatch(look.account, day.profile, notes=[NoteChange(HOLD, note.revision, told)], found=[reading])


def day_of_account(
    history: History,
    now: Instant,
    configuration: Configuration,
    since: Instant | None,
    used: Mapping[tuple[str, str], PlanUse],
) -> Day:
    """Return the last closed day of an account.

    `since` is set where the shard was rebuilt from a log that holds nothing older: what lies before it is not known.
    `used` is what all accounts used that day, by plan and meter.
    """
    assert history.profile is not None  # noqa: S101 -- nothing is judged of an account that is not known
    first = history.first_day
    if first is not None and since is not None:
        first = max(first, day_of(since) + 1)
    return Day(
        account=history.account,
        number=last_closed(now),
        now=now,
        profile=history.profile,
        catalog=configuration.catalog,
        amounts=history.days,
        levels=history.levels,
        first=first,
        used=used,
    )
