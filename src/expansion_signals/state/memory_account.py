"""What a shard in memory holds of one account, and how a batch and a mark change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.batches import AccountFacts, Bucket, Changed, Fact, Full, Marks, Moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch, AccountMark, Move, ProfileChange, ShardBatch
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.thresholds import Guard


@dataclass(slots=True)
class KeptAccount:
    """All that a shard holds of one account. `facts` holds the unmarked ones, by number."""

    profile: Profile | None = None
    written: int = 0
    marked: int = 0
    facts: dict[int, Fact] = field(default_factory=dict)
    levels: dict[Counter, int] = field(default_factory=dict)
    guards: dict[Counter, tuple[int, Guard]] = field(default_factory=dict)
    marks: dict[Counter, Marks] = field(default_factory=dict)
    days: dict[tuple[str, int], int] = field(default_factory=dict)
    hours: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    hours_revision: str | None = None

    def unmarked(self, account: str) -> AccountFacts:
        """Return all unmarked facts in order, with the marks before them."""
        facts = [self.facts[number] for number in sorted(self.facts)]
        named = {fact.counter for fact in facts if isinstance(fact, Moved)}
        marks = {counter: self.marks[counter] for counter in named & self.marks.keys()}
        return AccountFacts(account, self.marked, facts, marks, self.profile)

    def full(self, asked: AccountBatch) -> Iterator[Full]:
        """Return what cannot take its part of the batch."""
        for move in asked.moves:
            level = self.levels.get(move.counter, 0)
            if not _fits(level + move.quiet + move.firing):
                yield Full(asked.account, move.counter.meter, move.counter, level)
        for day in asked.days:
            total = self.days.get((day.meter, day.day), 0)
            if not _fits(total + day.amount):
                yield Full(asked.account, day.meter, Bucket("day", day.day), total)
        for hour in asked.hours:
            quiet, firing = self.hours.get((hour.meter, hour.hour), (0, 0))
            if not _fits(quiet + hour.quiet):
                yield Full(asked.account, hour.meter, Bucket("quiet hour", hour.hour), quiet)
            if not _fits(firing + hour.firing):
                yield Full(asked.account, hour.meter, Bucket("firing hour", hour.hour), firing)

    def write(self, asked: AccountBatch, batch: ShardBatch) -> None:
        """Write what the batch asks of this account; the profile first, because the facts after it fall under it."""
        if asked.change:
            self._change(asked.change, {move.counter for move in asked.moves}, batch)
        made = any(move.counter not in self.levels for move in asked.moves)
        before = {move.counter: self.levels.get(move.counter, 0) for move in asked.moves}
        for move in asked.moves:
            self._report(move, before[move.counter], batch)
        if made:
            self._drop_before(asked.keep_from)
        for move in asked.moves:
            self.levels[move.counter] = before[move.counter] + move.quiet + move.firing
        for day in asked.days:
            self.days[day.meter, day.day] = self.days.get((day.meter, day.day), 0) + day.amount
        for hour in asked.hours:
            quiet, firing = self.hours.get((hour.meter, hour.hour), (0, 0))
            self.hours[hour.meter, hour.hour] = (quiet + hour.quiet, firing + hour.firing)
        if asked.hours:
            self.hours_revision = batch.nonce

    def _change(self, change: ProfileChange, moving: set[Counter], batch: ShardBatch) -> None:
        self.written += 1
        self.facts[self.written] = Changed(
            self.written, batch.nonce, batch.epoch, self.profile, change.profile, change.evidence, change.appended
        )
        self.profile = change.profile
        self.hours.clear()
        self.hours_revision = None
        self.guards.clear()
        # Every counter that stands is judged again under the new profile; those that move report themselves.
        for counter, level in self.levels.items():
            if counter not in moving:
                self._moved(counter, level, (0, 0), change, batch)

    def _report(self, move: Move, before: int, batch: ShardBatch) -> None:
        """Write a fact if the level passes its guard, and remove the guard: each change is reported until marked."""
        epoch, guard = self.guards.get(move.counter, (None, None))
        quieted = before + move.quiet
        passed = guard is None or epoch != batch.epoch or guard.passed(quieted) or guard.passed(quieted + move.firing)
        if move.watched and passed:
            self.guards.pop(move.counter, None)
            self._moved(move.counter, before, (move.quiet, move.firing), move, batch)

    def _moved(
        self, counter: Counter, before: int, by: tuple[int, int], cause: Move | ProfileChange, batch: ShardBatch
    ) -> None:
        self.written += 1
        self.facts[self.written] = Moved(
            self.written, batch.nonce, batch.epoch, counter, before, *by, cause.evidence, cause.appended
        )

    def _drop_before(self, keep_from: Instant) -> None:
        """Drop counters of periods long closed: absolute expiry, never by the clock (semantics 2.3)."""
        for counter in [each for each in self.levels if each.start is not None and each.start < keep_from]:
            del self.levels[counter]
            self.guards.pop(counter, None)
            self.marks.pop(counter, None)

    def mark(self, mark: AccountMark) -> bool:
        """Mark what was judged; say whether the mark fits what stands here."""
        fact = self.facts.get(mark.number)
        if self.marked != mark.marked or fact is None or fact.nonce != mark.nonce:
            return False
        self.marked = mark.number
        self.facts = {number: later for number, later in self.facts.items() if number > mark.number}
        self.marks.update(mark.marks)
        # No guard may stand that was computed before a fact of its counter, or under the profile before a change.
        waiting = {later.counter for later in self.facts.values() if isinstance(later, Moved)}
        if not any(isinstance(later, Changed) for later in self.facts.values()):
            self.guards.update({counter: guard for counter, guard in mark.guards.items() if counter not in waiting})
        return True


def _fits(level: int) -> bool:
    return abs(level) <= LARGEST
