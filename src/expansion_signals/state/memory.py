"""The store in memory: the state protocol written to be read, and the reference that the one in Redis must equal.

What `apply.lua`, `mark.lua` and `facts.lua` do with strings and packed hashes is done here with whole numbers and
dicts, check by check in the same order. It outlives no process: for tests, and for trying rules out.
"""

from __future__ import annotations

from collections import Counter as Tally
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.model.amounts import LARGEST, ROOMY
from expansion_signals.model.batches import (
    Answer,
    Applied,
    Behind,
    Gap,
    Lost,
    OtherProfiles,
    Overflow,
    Seen,
    StaleEpoch,
)
from expansion_signals.model.facts import HourTotals
from expansion_signals.model.instants import HOUR
from expansion_signals.model.last_seen import LastSeen
from expansion_signals.model.looks import DAILY
from expansion_signals.model.notes import Note
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory_account import KeptAccount
from expansion_signals.state.memory_looks import Looks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from expansion_signals.decide.passed import Passed
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch, Identity, Outcome, Range, ShardBatch
    from expansion_signals.model.day_used import DayUsed
    from expansion_signals.model.facts import AccountFacts, AccountMark
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.last_seen import Active

_HOURS_A_DAY = 24


@dataclass(slots=True)
class _Partition:
    """What a shard knows of one partition: the next offset, the append time reached, the tallies."""

    offset: int
    reached: Instant = 0
    tallies: Tally[Outcome] = field(default_factory=Tally)


@dataclass(slots=True)
class Shard:
    """One shard: everything of it moves together, and is rolled back together."""

    window: Duration
    conflicts: bool
    stands: bool = True
    epoch: int = 0
    partitions: dict[str, _Partition] = field(default_factory=dict)
    accounts: dict[str, KeptAccount] = field(default_factory=dict)
    identities: dict[int, list[Identity]] = field(default_factory=dict)
    reserved: dict[str, str] = field(default_factory=dict)
    due: Looks = field(default_factory=Looks)
    used: DayUsed | None = None
    late: frozenset[str] = frozenset()
    since: Instant | None = None

    def account(self, account: str) -> KeptAccount:
        """Return what is kept of an account; nothing is, of one never seen."""
        return self.accounts.get(account) or KeptAccount()

    def unmarked(self, accounts: Sequence[str]) -> list[AccountFacts]:
        """Return the unmarked facts of those of these accounts that have any."""
        return [self.account(account).unmarked(account) for account in accounts if self.account(account).facts]

    def apply(self, batch: ShardBatch) -> Answer:
        """Check everything, in this order, then write everything."""
        if not self.stands:
            return Lost(batch.shard)
        if self.epoch > batch.epoch:
            return StaleEpoch(self.epoch)
        return (
            self._displaced(batch)
            or self._other_profiles(batch)
            or self._seen(batch)
            or self._overflow(batch)
            or self._write(batch)
        )

    def _displaced(self, batch: ShardBatch) -> Gap | Behind | None:
        stands = {passed.partition: self.watermark(passed.partition) for passed in batch.ranges}
        if any(passed.reserved and self.reserved.get(passed.partition) != passed.reserved for passed in batch.ranges):
            return Gap(stands)
        displaced = [passed for passed in batch.ranges if passed.start != stands[passed.partition]]
        if any(_lies_above(passed, stands[passed.partition]) for passed in displaced):
            return Gap(stands)
        if displaced:
            return Behind(stands, self.unmarked([account.account for account in batch.accounts]))
        return None

    def watermark(self, partition: str) -> int | None:
        """Return the next offset of a partition; None where no record of it was ever applied."""
        known = self.partitions.get(partition)
        return known.offset if known else None

    def _other_profiles(self, batch: ShardBatch) -> OtherProfiles | None:
        others = [asked.account for asked in batch.accounts if not _assumed(asked, self.account(asked.account))]
        return OtherProfiles(others) if others else None

    def _seen(self, batch: ShardBatch) -> Seen | None:
        conflicts = {}
        for index, identity in enumerate(batch.identities):
            payloads = [
                known.check
                for known in self.identities.get(identity.number, ())
                if abs(known.appended - identity.appended) <= self.window
            ]
            if payloads:
                conflicts[index] = self.conflicts and identity.check not in payloads
        return Seen(conflicts) if conflicts else None

    def _overflow(self, batch: ShardBatch) -> Overflow | None:
        most = ROOMY if batch.roomy else LARGEST
        full = [each for asked in batch.accounts for each in self.account(asked.account).full(asked.apart(), most)]
        return Overflow(full) if full else None

    def _write(self, batch: ShardBatch) -> Applied:
        self.epoch = batch.epoch
        for identity in batch.identities:
            self.identities.setdefault(identity.number, []).append(identity)
        reported, lags = [], self._lags(batch)
        for asked in batch.accounts:
            kept = self.keep(asked.account)
            written = kept.written
            kept.write(asked.apart(), batch, lags=lags)
            if asked.look is not None:
                self.due[asked.account, DAILY] = asked.look
            if kept.written > written:
                reported.append(kept.unmarked(asked.account))
        for passed in batch.ranges:
            self._pass(passed)
        return Applied(reported)

    def _lags(self, batch: ShardBatch) -> bool:
        """Say whether a partition of the same topics is more than an hour behind these records."""
        here = {passed.partition: passed.reached for passed in batch.ranges}
        topics = {_topic(partition) for partition in here}
        told = {name: known.reached for name, known in self.partitions.items() if _topic(name) in topics}
        reached = [max(told.get(name, 0), here.get(name, 0)) for name in told | here]
        last = max(here.values(), default=0)
        return any(0 < each < last - HOUR for each in reached)

    def reached_everywhere(self, topics: Sequence[str]) -> Instant:
        """Return the append time that all partitions of these topics have reached."""
        return min((known.reached for name, known in self.partitions.items() if _topic(name) in topics), default=0)

    def forget(self, reached: Instant) -> int:
        """Forget identities more than a window older than the append time that all partitions have reached."""
        old = [
            number
            for number, known in self.identities.items()
            if all(each.appended + self.window < reached for each in known)
        ]
        for number in old:
            del self.identities[number]
        return len(old)

    def pass_to(self, partition: str, passed: Passed) -> None:
        """Stand at this offset, with so many records before it: what a rebuilt shard begins with."""
        tallies: Tally[Outcome] = Tally({"counted": passed.counted, "dead_lettered": passed.dead_lettered})
        self.partitions[partition] = _Partition(passed.offset, tallies=tallies)

    def keep(self, account: str) -> KeptAccount:
        """Return what is kept of an account, from now on if it was not."""
        return self.accounts.setdefault(account, KeptAccount())

    def _pass(self, passed: Range) -> None:
        known = self.partitions.setdefault(passed.partition, _Partition(passed.end))
        known.offset = passed.end
        known.reached = max(known.reached, passed.reached)
        known.tallies["counted"] += passed.counted
        known.tallies["duplicate"] += passed.duplicate
        known.tallies["unmatched"] += passed.unmatched
        known.tallies["dead_lettered"] += passed.dead_lettered


class MemoryStore:
    """Counters, watermarks, marks and identities in memory (port `Store`).

    `window` is how long identities are remembered, by append time; without `conflicts` payloads are not compared.
    `shards` may be read, copied and put back: what a fail-over of Redis does to one of them.
    """

    def __init__(self, *, shards: int, window: Duration, conflicts: bool = True) -> None:
        self._window = window
        self._conflicts = conflicts
        self.shards = [Shard(window, conflicts) for _ in range(shards)]

    async def apply(self, batches: Sequence[ShardBatch]) -> Sequence[Answer]:
        """Apply each batch to its shard whole, or say what is wrong with it; answers in the order of the batches."""
        return [self.shards[batch.shard].apply(batch) for batch in batches]

    async def mark(self, marks: Sequence[AccountMark]) -> Sequence[AccountFacts]:
        """Mark what was judged and acknowledged; return the facts of accounts where the mark did not fit."""
        unfit = [mark.account for mark in marks if not self._shard(mark.account).account(mark.account).mark(mark)]
        return await self.facts(unfit)

    async def facts(self, accounts: Sequence[str]) -> Sequence[AccountFacts]:
        """Return the unmarked facts of those of these accounts that have any."""
        return [facts for account in accounts for facts in self._shard(account).unmarked([account])]

    async def waiting(self) -> Mapping[str, str]:
        """Return accounts with unmarked facts, each with a text that changes when they are marked."""
        return {
            name: str(min(account.facts))
            for shard in self.shards
            for name, account in shard.accounts.items()
            if account.facts
        }

    async def profiles(self, accounts: Sequence[str]) -> Mapping[str, Profile | None]:
        """Return the profile of each account, None where it has none."""
        return {account: self._shard(account).account(account).profile for account in accounts}

    async def notes(self, asked: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Note]:
        """Return the note of each account and subject asked for."""
        return {
            (account, subject): self._shard(account).account(account).notes.get(subject, Note())
            for account, subject in asked
        }

    async def hours(self, account: str) -> HourTotals | None:
        """Return the hour buckets of an account not yet known, None where there are none."""
        kept = self._shard(account).account(account)
        if kept.hours_revision is None:
            return None
        days = [hour // _HOURS_A_DAY for _, hour in kept.hours]
        return HourTotals(kept.hours_revision, range(min(days), max(days) + 1), dict(kept.hours))

    async def active(self, account: str, meter: str, days: range) -> Active:
        """Return how many members of a `unique` meter were seen within these UTC days; the last of them is today's."""
        return self._shard(account).account(account).last_seen.get(meter, LastSeen()).within(days)

    async def tallies(self) -> Mapping[str, Mapping[Outcome, int]]:
        """Return what became of the records of each partition, over all shards (semantics 1.5)."""
        tallies: dict[str, Tally[Outcome]] = {}
        for shard in self.shards:
            for partition, known in shard.partitions.items():
                tallies.setdefault(partition, Tally()).update(known.tallies)
        return tallies

    def snapshot(self, shard: int) -> Shard:
        """Return a copy of a shard, as a backup or a replica that lags holds it."""
        return deepcopy(self.shards[shard])

    def restore(self, shard: int, snapshot: Shard) -> None:
        """Roll a shard back to a copy: counters, facts, identities and watermarks together."""
        self.shards[shard] = deepcopy(snapshot)

    def lose(self, shard: int) -> None:
        """Lose a shard whole."""
        self.shards[shard] = Shard(self._window, self._conflicts, stands=False)

    def make(self, shard: int) -> Shard:
        """Make a lost shard anew, empty."""
        self.shards[shard] = Shard(self._window, self._conflicts)
        return self.shards[shard]

    def _shard(self, account: str) -> Shard:
        return self.shards[shard_of(account, len(self.shards))]


def _topic(partition: str) -> str:
    return partition.rpartition("/")[0]


def _lies_above(passed: Range, watermark: int | None) -> bool:
    """Say whether the range starts above the watermark: what lies between was applied once, and is lost."""
    return passed.start is not None and (watermark is None or watermark < passed.start)


def _assumed(asked: AccountBatch, kept: KeptAccount) -> bool:
    """Say whether the account has the profile, and for a change also the hour buckets, that the batch assumes."""
    if _stamp(asked.profile) != _stamp(kept.profile):
        return False
    if any(kept.notes.get(note.subject, Note()).revision != note.revision for note in asked.notes):
        return False
    if asked.change is None:
        return True
    return (asked.change.hours.revision if asked.change.hours else None) == kept.hours_revision


def _stamp(profile: Profile | None) -> str | None:
    return profile.stamp if profile else None
