"""What a rebuilt shard begins with: marks and decisions told by the log (architecture, When Redis loses data)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.decide.decisions import entries_made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.candidates import Candidate
    from expansion_signals.decide.decided import Entry, Key
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.facts import Marks
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter


@dataclass(slots=True)
class RestoredAccount:
    """What is told of one account: the marks of its counters, and its decided keys that are still kept."""

    marks: Mapping[Counter, Marks] = field(default_factory=dict)
    entries: dict[Key, Entry] = field(default_factory=dict)

    def decide(self, candidate: Candidate, verdict: Verdict, now: Instant) -> None:
        """Remember what was decided of this candidate, for those of its keys that none before it had decided."""
        made = entries_made(candidate, verdict)
        if verdict in ("fired", "suppressed"):
            self.entries.update(
                {key: entry for key, entry in made.items() if key not in self.entries and entry.kept_until > now}
            )


@dataclass(slots=True)
class Passed:
    """How far a partition of signals is decided: the next offset, and this shard's records before it.

    The first signal that nobody has decided stops it: deciding goes on from there, and knows what came after.
    """

    offset: int
    counted: int = 0
    stopped: bool = False

    def take(self, offset: int, *, decided: bool) -> None:
        """Pass one more record, if it is decided and all before it were."""
        if self.stopped:
            return
        if decided:
            self.counted += 1
        else:
            self.offset, self.stopped = offset, True


@dataclass(slots=True)
class RestoredShard:
    """A shard before it serves again.

    `passed` has the partitions of signals: how far all that is told was decided, and how many records of this shard
    those are. `since`: the log holds nothing older, so counters that reach back further are incomplete; None where it
    holds everything. `late`: others have read on, so a second reader brings this shard up to them.
    """

    shard: int
    epoch: int
    since: Instant | None
    late: bool
    accounts: dict[str, RestoredAccount] = field(default_factory=dict)
    passed: dict[str, Passed] = field(default_factory=dict)
