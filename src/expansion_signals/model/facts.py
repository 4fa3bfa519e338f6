"""What a shard reports: facts that wait to be judged, and what is remembered once they are (architecture, State).

Levels and amounts are scaled whole numbers; instants are microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.changes import Change
    from expansion_signals.model.events import Evidence
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.thresholds import Arm, ArmKey, Guard


class Moved(NamedTuple):
    """A fact: a counter passed its guard, or had none. It went from `before` by `quiet`, then by `firing`.

    `estimated` says that a sketch counts its members: there were too many to keep.
    """

    number: int
    nonce: str
    epoch: int
    counter: Counter
    before: int
    quiet: int
    firing: int
    evidence: Evidence
    appended: Instant
    estimated: bool = False


class Changed(NamedTuple):
    """A fact: the account's profile changed. Its counters follow, each as `Moved` by nothing from its level then."""

    number: int
    nonce: str
    epoch: int
    before: Profile | None
    after: Profile | None
    evidence: Evidence
    appended: Instant


class Found(NamedTuple):
    """A fact: a signal was found from an event, when a note was changed; it waits to be published."""

    number: int
    nonce: str
    epoch: int
    signal: Signal


Fact: TypeAlias = Moved | Changed | Found


@dataclass(frozen=True, slots=True)
class Marks:
    """What is remembered of a counter's last judgement: the limit it was under (scaled; None: none), and its arms."""

    limit: int | None = None
    arms: Mapping[ArmKey, Arm] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """All unmarked facts of one account, in order, with the marks before them.

    `profile` is the profile now; the one in force at a fact follows from the `Changed` facts before it. A counter
    without an entry in `marks` was never judged.
    """

    account: str
    marked: int
    facts: Sequence[Fact]
    marks: Mapping[Counter, Marks]
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class AccountMark:
    """What has been judged and acknowledged: facts after `marked` up to `number`, whose last has this `nonce`.

    Anything else found there, and the shard does nothing. `marks` replaces what is remembered of each counter. A guard
    stands with the epoch it was computed under, and is set only where no later fact of its counter waits.
    """

    account: str
    marked: int
    number: int
    nonce: str
    marks: Mapping[Counter, Marks]
    guards: Mapping[Counter, tuple[int, Guard]]


class HourTotals(NamedTuple):
    """The hour buckets of an account not yet known: meter and UTC hour → quiet and firing change.

    `revision` is the nonce of the call that changed them last: a number would come again after a roll-back. `days` are
    the UTC days that may have buckets.
    """

    revision: str
    days: Sequence[int]
    totals: Mapping[tuple[str, int], tuple[Change | None, Change | None]]
