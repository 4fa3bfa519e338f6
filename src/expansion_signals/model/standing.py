"""Where one account stands: everything that is kept of it, as one read found it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.facts import HourTotals, Marks
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.last_seen import Active
    from expansion_signals.model.months import Month
    from expansion_signals.model.notes import Note
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.thresholds import Guard


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """All that is kept of one account, in scaled amounts; `epoch` is the configuration epoch in force.

    `profile` None: not known. `waiting` is how many facts are written and not yet marked. `guards` stand with the
    epoch they were computed under. `days` are the sums by meter and number of the UTC day, of those days that were
    asked for. `hours` are the hour buckets of an account not yet known. `decided` counts remembered keys by verdict.
    `shares` are the levels that values of dimensions have of a counter, by dimension and value. `active` tells how many
    members of a `unique` meter were seen, by meter and number of days up to today. `months` are totals of those whose
    day buckets are gone. `notes` are those that were asked for, by subject. `since` is the append time before which its
    shard knows nothing; None where it always did.
    """

    account: str
    epoch: int
    profile: Profile | None
    levels: Mapping[Counter, int]
    marks: Mapping[Counter, Marks]
    guards: Mapping[Counter, tuple[int, Guard]]
    waiting: int
    days: Mapping[tuple[str, int], int]
    hours: HourTotals | None
    decided: Mapping[Verdict, int]
    shares: Mapping[Counter, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    active: Mapping[tuple[str, int], Active] = field(default_factory=dict)
    months: Mapping[tuple[str, Month], int] = field(default_factory=dict)
    since: Instant | None = None
    notes: Mapping[str, Note] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is kept of the account: no record of it was ever applied, or all has expired."""
        kept = (self.levels, self.days, self.hours, self.waiting, self.decided, self.months, self.notes)
        return self.profile is None and not any(kept)
