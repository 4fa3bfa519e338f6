"""What a shard in memory holds of one account, and how a batch and a mark change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.batches import Bucket, Full
from expansion_signals.model.changes import Become, See
from expansion_signals.model.facts import AccountFacts, Changed, Fact, Found, Marks, Moved
from expansion_signals.model.last_seen import LastSeen
from expansion_signals.model.levels import Level, changed, merged
from expansion_signals.model.notes import Note
from expansion_signals.state.memory_shares import Shares, fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch, DayMove, HourMove, Move, ProfileChange, ShardBatch
    from expansion_signals.model.changes import Change
    from expansion_signals.model.facts import AccountMark
    from expansion_signals.model.months import Month
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.thresholds import Guard


_ZERO = Level()


class _Course(NamedTuple):
    """The levels of a counter that a move leads through: its quiet part comes first."""

    before: Level
    quieted: Level
    after: Level


@dataclass(slots=True)
class KeptAccount:
    """All that a shard holds of one account. `facts` holds the unmarked ones, by number."""

    profile: Profile | None = None
    written: int = 0
    marked: int = 0
    facts: dict[int, Fact] = field(default_factory=dict)
    levels: dict[Counter, Level] = field(default_factory=dict)
    guards: dict[Counter, tuple[int, Guard]] = field(default_factory=dict)
    marks: dict[Counter, Marks] = field(default_factory=dict)
    shares: Shares = field(default_factory=Shares)
    days: dict[tuple[str, int], Level] = field(default_factory=dict)
    totals: dict[tuple[str, Month], Level] = field(default_factory=dict)
    last_seen: dict[str, LastSeen] = field(default_factory=dict)
    hours: dict[tuple[str, int], tuple[Change | None, Change | None]] = field(default_factory=dict)
    hours_revision: str | None = None
    notes: dict[str, Note] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept."""
        return self == KeptAccount()

    def unmarked(self, account: str) -> AccountFacts:
        """Return all unmarked facts in order, with the marks before them."""
        facts = [self.facts[number] for number in sorted(self.facts)]
        named = {fact.counter for fact in facts if isinstance(fact, Moved)}
        marks = {counter: self.marks[counter] for counter in named & self.marks.keys()}
        return AccountFacts(account, self.marked, facts, marks, self.profile)

    def full(self, asked: AccountBatch, most: int) -> Iterator[Full]:
        """Return what cannot take its part of the batch, where a level is `most` at the most."""
        for move in asked.moves:
            level = self.levels.get(move.counter)
            if not fits(changed(changed(level, self._with_days(move)), move.firing), most):
                yield Full(asked.account, move.counter.meter, move.counter, level.amount if level else 0)
        for day in asked.days:
            total = self.days.get((day.meter, day.day))
            if not isinstance(day.change, See) and not fits(changed(total, day.change), most):
                yield Full(asked.account, day.meter, Bucket("day", day.day), total.amount if total else 0)
        for hour in asked.hours:
            quiet, firing = self._hour(hour)
            for place, kept, change in (
                (Bucket("quiet hour", hour.hour), quiet, hour.quiet),
                (Bucket("firing hour", hour.hour), firing, hour.firing),
            ):
                level = changed(None, kept)
                if not fits(changed(level, change), most):
                    yield Full(asked.account, hour.meter, place, level.amount if level else 0)
        for move in asked.moves:
            yield from self.shares.full(asked.account, move, most)

    def write(self, asked: AccountBatch, batch: ShardBatch, *, lags: bool) -> None:
        """Write what the batch asks of this account; the profile first, because the facts after it fall under it.

        Where a partition `lags`, counters of old periods stay: its records may ask for them.
        """
        moving = {move.counter for move in asked.moves}
        if asked.change:
            self._change(asked.change, moving, batch)
        for move in asked.moves:
            if move.counter not in self.levels and not lags:
                self._drop_before(move, moving)
            self._move(move, batch)
            self.shares.write(move)
        self._bucket(asked.days)
        for hour in asked.hours:
            quiet, firing = self._hour(hour)
            self.hours[hour.meter, hour.hour] = (merged(quiet, hour.quiet), merged(firing, hour.firing))
        if asked.hours:
            self.hours_revision = batch.nonce
        for subject, revision, text in asked.notes:
            if text is not None:
                self.notes[subject] = Note(revision + 1, text)
        for signal in asked.found:
            self.written += 1
            self.facts[self.written] = Found(self.written, batch.nonce, batch.epoch, signal)

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
                self._moved(counter, level.amount, (0, 0), change, batch, estimated=level.estimated)

    def _bucket(self, days: Sequence[DayMove]) -> None:
        """Move day buckets; members have one day each, the last, so all that are new are looked at together."""
        seen: dict[str, dict[int, tuple[int, ...]]] = {}
        for meter, day, change in days:
            if isinstance(change, See):
                seen.setdefault(meter, {})[day] = change.members
            else:
                self.days[meter, day] = changed(self.days.get((meter, day)), change) or Level()
        for meter, members in seen.items():
            self.last_seen[meter] = self.last_seen.get(meter, LastSeen()).after(members)

    def _hour(self, hour: HourMove) -> tuple[Change | None, Change | None]:
        return self.hours.get((hour.meter, hour.hour), (None, None))

    def would_report(self, asked: AccountBatch, epoch: int) -> bool:
        """Say whether facts follow from what is asked, besides what is found; nothing is written."""
        return (
            asked.change is not None
            or any(move.watched and self._passes(move.counter, self._course(move), epoch) for move in asked.moves)
            or any(
                watched and self._passes(counter, self._led(counter, None, change), epoch)
                for lane, change, _, _ in asked.lanes
                for counter, watched in lane.counters
            )
        )

    def _move(self, move: Move, batch: ShardBatch) -> None:
        """Move a counter, and report it if it passes its guard."""
        course = self._course(move)
        self.levels[move.counter] = course.after
        self._report(move, course, batch)

    def _course(self, move: Move) -> _Course:
        return self._led(move.counter, self._with_days(move), move.firing)

    def _led(self, counter: Counter, quiet: Change | None, firing: Change | None) -> _Course:
        before = self.levels.get(counter)
        quieted = changed(before, quiet)
        return _Course(before or _ZERO, quieted or _ZERO, changed(quieted, firing) or _ZERO)

    def _with_days(self, move: Move) -> Change | None:
        """Return the quiet part; a baseline with what the buckets of the days after it hold."""
        if not isinstance(move.quiet, Become):
            return move.quiet
        counted = (self.days.get((move.counter.meter, day), Level()).amount for day in move.quiet.days)
        return Become(move.quiet.level + sum(counted))

    def _report(self, move: Move, course: _Course, batch: ShardBatch) -> None:
        """Write a fact if the level passes its guard, and remove the guard: each change is reported until marked."""
        if move.watched and self._passes(move.counter, course, batch.epoch):
            self.guards.pop(move.counter, None)
            before, quieted, after = (level.amount for level in course)
            by = (quieted - before, after - quieted)
            self._moved(move.counter, before, by, move, batch, estimated=course.after.estimated)

    def _passes(self, counter: Counter, course: _Course, epoch: int) -> bool:
        """Say whether the level passes the counter's guard; one of another epoch counts as none."""
        judged_under, guard = self.guards.get(counter, (None, None))
        if guard is None or judged_under != epoch:
            return True
        return guard.passed(course.quieted.amount) or guard.passed(course.after.amount)

    def _moved(  # noqa: PLR0913 -- what a fact is made of
        self,
        counter: Counter,
        before: int,
        by: tuple[int, int],
        cause: Move | ProfileChange,
        batch: ShardBatch,
        *,
        estimated: bool,
    ) -> None:
        self.written += 1
        self.facts[self.written] = Moved(
            self.written, batch.nonce, batch.epoch, counter, before, *by, cause.evidence, cause.appended, estimated
        )

    def _drop_before(self, move: Move, moving: set[Counter]) -> None:
        """Drop counters of periods long closed: absolute expiry, never by the clock (semantics 2.3)."""
        same = {each for each in self.levels if each.meter == move.counter.meter and each.start is not None}
        old = {each for each in same if (each.start or 0) < move.keep_from}
        for counter in old - moving:
            self.forget(counter)

    def forget(self, counter: Counter) -> None:
        """Drop a counter with all that belongs to it."""
        del self.levels[counter]
        self.guards.pop(counter, None)
        self.marks.pop(counter, None)
        self.shares.forget(counter)

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
