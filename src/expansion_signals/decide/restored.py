"""What a rebuilt shard begins with: marks and decisions told by the log (architecture, When Redis loses data)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from expansion_signals.decide.course import take
from expansion_signals.decide.decided import Decided
from expansion_signals.decide.decisions import decide, decided_before
from expansion_signals.decide.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.candidates import Candidate
    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.decided import Entry, Key
    from expansion_signals.decide.heard import Heard
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.facts import Marks
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter


@dataclass(slots=True)
class RestoredAccount:
    """What is told of one account: the marks of its counters, and its decided keys that are still kept.

    `superseded` are the ids of signals that were: a repetition of one is known by it.
    """

    marks: Mapping[Counter, Marks] = field(default_factory=dict)
    entries: dict[Key, Entry] = field(default_factory=dict)
    superseded: set[str] = field(default_factory=set)
    remembered: Remembered = field(default_factory=Remembered)

    def hear(self, heard: Heard, ground: Ground) -> None:
        """Remember what nobody decides: profiles, falls, readings, reports of prompts."""
        taken = take(heard, Decided(0, self.entries, self.remembered), ground)
        self.remembered = replace(taken.decided.remembered, through={}, held=())

    def remember(self, candidate: Candidate, told: Mapping[str | None, Verdict], ground: Ground) -> bool | None:
        """Remember what was decided of this candidate; say whether it was, None for a repetition, which never is.

        One of which was told only that it is held is not decided: deciding judges it again.

        `told` are the decisions on signals of its id: trigger → what was decided. One id may stand on the log once
        more with other keys, of which nobody has decided: so what is asked for is the trigger that they would become.
        """
        now = ground.now
        decision, _, entries, _ = decide(candidate, Decided(0, self.entries, self.remembered), ground)
        if decision is None:
            return None
        if decision.decision == "superseded" and candidate.signal.id in self.superseded:
            return None
        verdict = told.get(decision.trigger)
        if verdict == "held":
            return False
        if verdict == "superseded":
            self.superseded.add(candidate.signal.id)
        kept = {key: entry for key, entry in entries.items() if entry.kept_until > now}
        if verdict in ("fired", "suppressed", "already_past"):
            self.entries.update({key: entry._replace(verdict=verdict) for key, entry in kept.items()})
            self.remembered = decided_before(candidate, verdict, self.remembered, ground)
        # What came before it is forgotten as well: which of its keys were left to it cannot be told any more.
        forgotten = bool(told and entries and not kept)
        return verdict is not None or forgotten


@dataclass(slots=True)
class Passed:
    """How far a partition of signals is decided: the next offset, and this shard's records before it.

    a signal that is decided         passed, and so is all before it
    one that nobody decides          passed
    one that can never be decided    passed once a decided one comes after it: then its dead letter is out
    the first that is not decided    deciding goes on from here, and knows what came after
    """

    offset: int
    counted: int = 0
    dead_lettered: int = 0
    stopped: bool = False
    _unproved: list[tuple[int, bool]] = field(default_factory=list)

    def take(self, offset: int, *, decided: bool | None) -> None:
        """Take one more record; `decided` is None where nobody decides it."""
        if self.stopped:
            return
        if decided is False:
            self._stop(offset)
        elif decided is None and self._unproved:
            self._unproved.append((offset, False))
        else:
            self.counted += 1 + sum(not dead for _, dead in self._unproved)
            self.dead_lettered += sum(dead for _, dead in self._unproved)
            self._unproved.clear()

    def bury(self, offset: int) -> None:
        """Take one more record, which can never be decided."""
        if not self.stopped:
            self._unproved.append((offset, True))

    def end(self, offset: int) -> None:
        """Note that the shard has no further record before this offset."""
        if not self.stopped:
            self._stop(offset)

    def _stop(self, offset: int) -> None:
        self.offset = self._unproved[0][0] if self._unproved else offset
        self.stopped = True


@dataclass(slots=True)
class RestoredShard:
    """A shard before it serves again.

    `passed` has the partitions of signals: how far all that is told was decided, and how many records of this shard
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
