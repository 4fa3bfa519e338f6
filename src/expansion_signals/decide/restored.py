"""What a rebuilt shard begins with: marks and decisions told by the log (architecture, When Redis loses data).

Records are taken in as they were the first time, in their order, with the decisions that were told in place of new
ones. What nobody can say was taken in is left to deciding, which reads on from there (`passed`); what comes after it,
and was, is known by its coordinates, so that it is taken in once.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.cases import expiry
from expansion_signals.decide.course import take
from expansion_signals.decide.crossings import id_of_rest
from expansion_signals.decide.decided import Decided
from expansion_signals.decide.decisions import decided_before, entries_made, undecided
from expansion_signals.decide.passed import Passed
from expansion_signals.decide.prompting import after_prompt, named
from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.decisions import Decision
from expansion_signals.model.instants import LAST
from expansion_signals.model.prompts import Prompt
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.decide.candidates import Candidate
    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.course import Publication
    from expansion_signals.decide.decided import Entry, Key
    from expansion_signals.decide.heard import Heard
    from expansion_signals.decide.passed import Fate
    from expansion_signals.decide.remembered import Fired
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.facts import Marks
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter


class Told(NamedTuple):
    """What was decided of a signal for a trigger; `was_held`: after it had waited."""

    verdict: Verdict
    was_held: bool = False

    def and_then(self, verdict: Verdict) -> Told:
        """Return what stands once this is told as well: what fired has fired, and a hold ends no decision."""
        if verdict == "held":
            return self._replace(was_held=True)
        if self.verdict == "fired":
            return self
        return Told(verdict, self.was_held or self.verdict == "held")


class Standing(NamedTuple):
    """What becomes of a record; `proves`: a decision was told of it, so what was published before it is out."""

    fate: Fate
    proves: bool = False


class _Ended(NamedTuple):
    """A candidate that fired when its hold ended: until then it only waited."""

    candidate: Candidate
    rest: Sequence[int]


@dataclass(slots=True)
class RestoredAccount:
    """What is told of one account: the marks of its counters, its decided keys that are still kept, and the rest.

    `known` are places of records that deciding will read again and has nothing to do for.
    """

    marks: Mapping[Counter, Marks] = field(default_factory=dict)
    entries: dict[Key, Entry] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=Remembered)
    known: list[tuple[str, int]] = field(default_factory=list)
    _fired: dict[str, Fired] = field(default_factory=dict)
    _superseded: set[str] = field(default_factory=set)
    _holds: list[_Ended] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was decided that deciding would ask for."""
        return not self.entries and self.remembered.is_empty and not self.known

    @property
    def decided(self) -> Decided:
        """What is decided, as of its first revision."""
        return Decided(
            1, self.entries, self.remembered, {f"{partition}|{offset}": "[]" for partition, offset in self.known}
        )

    # ------------------------------------------------------------------------------- what becomes of a record

    def look(self, heard: Heard, told: Mapping[str | None, Told], ground: Ground) -> Standing:
        """Say what becomes of a record, without taking it in.

        `told` are the decisions on signals of its id: trigger → what was decided. One id may stand on the log once
        more with other keys, of which nobody has decided: so what is asked for is the trigger that they would become.
        """
        if heard.candidate is not None:
            return self._look_at(heard.candidate, told, ground)
        if told:
            return Standing("known", proves=True)
        return Standing("waiting" if self._heard(heard, told, ground)[1] else "known")

    def _look_at(self, candidate: Candidate, told: Mapping[str | None, Told], ground: Ground) -> Standing:
        rest, is_repeated = self._undecided(candidate)
        if is_repeated:
            return Standing("known")
        verdict = _verdict(candidate, rest, told)
        if verdict is None:
            # What came before it is forgotten as well: which of its keys were left to it cannot be told any more.
            is_forgotten = bool(told and rest) and not self._kept(candidate, "superseded", rest, ground)
            return Standing("known", proves=True) if is_forgotten else Standing("unknown")
        return Standing("unknown" if verdict.verdict == "held" else "known", proves=True)

    # ------------------------------------------------------------------------------------------ taken in

    def take(self, heard: Heard, told: Mapping[str | None, Told], ground: Ground) -> bool:
        """Take a record in, as it was before; say whether that changes anything."""
        before = self.remembered
        if heard.candidate is not None:
            self._decide(heard.candidate, told, ground)
            return True
        taken, _ = self._heard(heard, told, ground)
        self.remembered = replace(taken.remembered, through=before.through, held=())
        self.entries = {key: entry for key, entry in taken.entries.items() if entry.kept_until > ground.now}
        if heard.hold_ended is not None:
            self.end(ground)
        return self.remembered != before

    def report(self, heard: Heard) -> None:
        """Take a report of a prompt in; whatever fired at any time says what it was about, before or after it."""
        prompt = heard.what
        assert isinstance(prompt, Prompt)  # noqa: S101 -- signals are taken in, not reported
        after = after_prompt(self.remembered, prompt, self._fired.get(prompt.trigger))
        self.remembered = after.past(heard.partition, heard.offset)

    def end(self, ground: Ground) -> None:
        """Note that the holds that ended have ended by now."""
        for candidate, rest in self._holds:
            self._fire(candidate, rest, ground)
        self._holds.clear()

    def _decide(self, candidate: Candidate, told: Mapping[str | None, Told], ground: Ground) -> None:
        rest, is_repeated = self._undecided(candidate)
        verdict = None if is_repeated else _verdict(candidate, rest, told)
        if verdict is None or verdict.verdict == "held":
            return
        self.entries.update(self._kept(candidate, verdict.verdict, rest, ground))
        places = rest or range(len(candidate.signal.keys))
        if verdict.verdict == "superseded":
            self._superseded.add(candidate.signal.id)
        elif verdict.verdict == "fired" and verdict.was_held:
            self._holds.append(_Ended(candidate, places))
        elif verdict.verdict == "fired":
            self._fire(candidate, places, ground)
        else:
            self.remembered = decided_before(candidate, verdict.verdict, places, self.remembered, ground)

    def _fire(self, candidate: Candidate, rest: Sequence[int], ground: Ground) -> None:
        self.remembered = decided_before(candidate, "fired", rest, self.remembered, ground)
        fired = self.remembered.fired[-1]
        self._fired[fired.trigger] = fired
        self.remembered = named(self.remembered, fired)

    def _undecided(self, candidate: Candidate) -> tuple[Sequence[int], bool]:
        """Return the places of the keys that are not decided; and whether it is a repetition, which never is."""
        rest, is_repeated = undecided(candidate, Decided(0, self.entries))
        return rest, is_repeated or (not rest and candidate.signal.id in self._superseded)

    def _heard(
        self, heard: Heard, told: Mapping[str | None, Told], ground: Ground
    ) -> tuple[Decided, Sequence[Publication]]:
        """Return what stands once a record is taken in, and what would be published beside what was told."""
        verdicts = {trigger: each.verdict for trigger, each in told.items()}
        before = Decided(0, self.entries, self.remembered)
        after, published = take(heard, before, ground._replace(told=verdicts))
        untold = [each for each in published if not _is_told(each, told)]
        return after, untold

    def _kept(self, candidate: Candidate, verdict: Verdict, rest: Sequence[int], ground: Ground) -> Mapping[Key, Entry]:
        made = entries_made(candidate, verdict, expiry(candidate.signal, ground.configuration), rest)
        return {key: entry for key, entry in made.items() if entry.kept_until > ground.now}


def _verdict(candidate: Candidate, rest: Sequence[int], told: Mapping[str | None, Told]) -> Told | None:
    """Return what was decided of these keys: under their trigger, or under the one of the burst that says it."""
    signal = candidate.signal
    burst = signal.data.get("burst_of")
    found = told.get(id_of_rest(signal, rest) if rest else signal.id)
    if found is None and isinstance(burst, str):
        found = told.get(burst)
    return found


def _is_told(published: Publication, told: Mapping[str | None, Told]) -> bool:
    match published:
        case Decision():
            return published.trigger in told
        case Trigger():
            return published.id in told
        case _:
            return False


@dataclass(slots=True)
class RestoredShard:
    """A shard before it serves again.

    `passed` has the partitions of deciding: how far all that is told was decided, and how many records of this shard
    those are; those of metering, with where they begin. `since`: the log holds nothing older, so counters that reach
    back further are incomplete; None where it holds everything. `late`: others have read on, so a second reader brings
    this shard up to them.
    """

    shard: int
    epoch: int
    since: Instant | None
    late: bool
    accounts: dict[str, RestoredAccount] = field(default_factory=dict)
    passed: dict[str, Passed] = field(default_factory=dict)
    _waiting: defaultdict[str, dict[str, list[Heard]]] = field(default_factory=lambda: defaultdict(dict))
    _reports: defaultdict[str, deque[tuple[Instant, Heard]]] = field(default_factory=lambda: defaultdict(deque))

    def account(self, name: str) -> RestoredAccount:
        """Return what is told of an account so far."""
        return self.accounts.setdefault(name, RestoredAccount())

    def partition(self, name: str) -> Passed:
        """Return how far a partition is."""
        return self.passed.setdefault(name, Passed(0))

    def report(self, heard: Heard, appended: Instant) -> None:
        """Take one more report of a prompt, before all signals: it is taken in with those that were appended after it.

        Nothing is published because of it, so nothing can say whether it was taken in: here it is.
        """
        self._reports[heard.what.account].append((appended, heard))
        self.partition(heard.partition).take(heard.offset, "known")

    def take(self, heard: Heard, appended: Instant, told: Mapping[str | None, Told], ground: Ground) -> None:
        """Take one more signal, of which this was told.

        What follows one that waits, or is unknown, waits as well where it is of the same account.
        """
        self._report_until(heard.what.account, appended)
        account, passed = self.account(heard.what.account), self.partition(heard.partition)
        waiting = self._waiting[heard.partition].get(heard.what.account)
        if waiting is not None and heard.candidate is None and not told:
            waiting.append(heard)
            passed.take(heard.offset, "waiting")
            return
        fate, proves = account.look(heard, told, ground)
        if proves:
            self._prove(heard.partition, ground)
        passed.take(heard.offset, fate)
        if fate == "known":
            self._take(account, heard, told, ground)
        else:
            waits = self._waiting[heard.partition].setdefault(heard.what.account, [])
            waits += [heard] if fate == "waiting" else []

    def bury(self, partition: str, offset: int) -> None:
        """Take one more record, which can never be decided."""
        self.partition(partition).take(offset, "dead")

    def end(self, positions: Mapping[str, int], ground: Ground) -> None:
        """Note how far each partition was read."""
        for partition, position in positions.items():
            self.partition(partition).end(position)
        for name in self._reports:
            self._report_until(name, LAST)
        for account in self.accounts.values():
            account.end(ground)
            account.known = [place for place in account.known if place[1] >= self.passed[place[0]].offset]

    def _report_until(self, name: str, appended: Instant) -> None:
        reports = self._reports.get(name, ())
        while reports and reports[0][0] <= appended:
            self.account(name).report(reports.popleft()[1])

    def _prove(self, partition: str, ground: Ground) -> None:
        """Take in what was waiting: a decision after it was told."""
        self.passed[partition].prove()
        for name, waiting in self._waiting.pop(partition, {}).items():
            for heard in waiting:
                self._take(self.accounts[name], heard, {}, ground)

    def _take(self, account: RestoredAccount, heard: Heard, told: Mapping[str | None, Told], ground: Ground) -> None:
        if account.take(heard, told, ground) and self.passed[heard.partition].is_open:
            account.known.append((heard.partition, heard.offset))
