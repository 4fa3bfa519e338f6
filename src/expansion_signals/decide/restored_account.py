"""What the log tells of one account whose shard was lost: its records, with the decisions that were told of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.cases import expiry
from expansion_signals.decide.course import take
from expansion_signals.decide.crossings import id_of_rest
from expansion_signals.decide.decided import Decided
from expansion_signals.decide.decisions import decided_before, entries_made, undecided
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
    """What was decided of a signal for a trigger, and when that was appended; `was_held`: after it had waited."""

    verdict: Verdict
    appended: Instant = 0
    was_held: bool = False

    def and_then(self, later: Told) -> Told:
        """Return what stands once this is told as well: what fired has fired, and a hold ends no decision."""
        if later.verdict == "held":
            return self._replace(was_held=True)
        if self.verdict == "fired":
            return self
        return later._replace(was_held=self.was_held or self.verdict == "held")


class Standing(NamedTuple):
    """What becomes of a record; `proves`: a decision was told of it, so what was published before it is out."""

    fate: Fate
    proves: bool = False


class _Ended(NamedTuple):
    """A candidate that fired when its hold ended, which was told at this append time: until then it only waited."""

    candidate: Candidate
    rest: Sequence[int]
    appended: Instant


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
        if self.is_told(heard, told):
            return Standing("known", proves=True)
        return Standing("waiting" if self._heard(heard, told, ground)[1] else "known")

    def is_told(self, heard: Heard, told: Mapping[str | None, Told]) -> bool:
        """Say whether a decision was told because of a record that is no candidate: of leads, or of what was held."""
        if isinstance(heard.what, Prompt) or heard.what.type != "reading":
            return False
        return bool(told) or (heard.hold_ended is not None and bool(self._holds))

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

    def take(self, heard: Heard, told: Mapping[str | None, Told], ground: Ground) -> None:
        """Take a record in, as it was before."""
        if heard.candidate is not None:
            self._decide(heard.candidate, told, ground)
            return
        taken, _ = self._heard(heard, told, ground)
        self.remembered = replace(taken.remembered, through=self.remembered.through, held=())
        self.entries = {key: entry for key, entry in taken.entries.items() if entry.kept_until > ground.now}
        if heard.hold_ended is not None:
            self.end_holds(ground)

    def report(self, heard: Heard) -> None:
        """Take a report of a prompt in; whatever fired at any time says what it was about, before or after it."""
        prompt = heard.what
        assert isinstance(prompt, Prompt)  # noqa: S101 -- signals are taken in, not reported
        after = after_prompt(self.remembered, prompt, self._fired.get(prompt.trigger))
        self.remembered = after.past(heard.partition, heard.offset)

    def end_holds(self, ground: Ground, before: Instant = LAST) -> None:
        """Note that the holds have ended of which that was told before this append time."""
        for candidate, rest, appended in self._holds:
            if appended < before:
                self._fire(candidate, rest, ground)
        self._holds = [hold for hold in self._holds if hold.appended >= before]

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
            self._holds.append(_Ended(candidate, places, verdict.appended))
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
        made = entries_made(candidate, rest, verdict, expiry(candidate.signal, ground.configuration))
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
