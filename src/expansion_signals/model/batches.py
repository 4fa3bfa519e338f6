"""What one poll asks of one shard, and what the shard answers: the nouns of the state protocol.

A shard either applies a whole `ShardBatch` or writes nothing and says what was wrong with it (architecture, The
apply script). Levels and amounts are scaled whole numbers; instants are microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from expansion_signals.model.events import evidence_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.changes import Change
    from expansion_signals.model.events import Evidence
    from expansion_signals.model.facts import AccountFacts, HourTotals
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.lanes import LaneMove
    from expansion_signals.model.notes import NoteChange
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.signals import Signal

# ------------------------------------------------------------------------------------------------ asked


class Range(NamedTuple):
    """The records of one partition that this batch passes: from the end of the last acknowledged range up to `end`.

    `start` None says that the shard has never applied a record of the partition. `reserved` names what must have been
    reserved for these records and still stand (deciding); empty where nothing was. `reached` is the append time reached
    there. The tallies count the records of this shard in the range; they add up to all of them (semantics 1.5).
    """

    partition: str
    start: int | None
    end: int
    reached: Instant
    counted: int = 0
    duplicate: int = 0
    unmatched: int = 0
    dead_lettered: int = 0
    reserved: str = ""


class Identity(NamedTuple):
    """An event's identity within its account: a signed 64-bit hash of account, source and id.

    `minted` is the instant embedded in the id, None where it carries none; `appended` the record's append time;
    `check` four bytes of a hash over identity and payload, by which a conflict is told from a duplicate.
    """

    number: int
    check: bytes
    minted: Instant | None
    appended: Instant


class Share(NamedTuple):
    """What a move does to the level that one value of a dimension has of its counter; nothing is judged of it."""

    dimension: str
    value: str
    change: Change


class Move(NamedTuple):
    """A counter changes by `quiet` (may not fire; applied first) and then by `firing`; both of one kind.

    `watched` False says that no rule looks at the counter under this epoch, so no fact is wanted. When the counter is
    made, those of its meter that start before `keep_from` go: absolute expiry, judged by the append time reached
    (semantics 2.3). `forgotten` is the last of them. `shares` None says that the meter is not split by dimensions.
    """

    counter: Counter
    quiet: Change | None
    firing: Change | None
    watched: bool
    evidence: Evidence
    appended: Instant
    keep_from: Instant = 0
    forgotten: Counter | None = None
    shares: Sequence[Share] | None = None


class DayMove(NamedTuple):
    """A day bucket moves, or members were seen on a day: `day` is the number of the UTC day."""

    meter: str
    day: int
    change: Change


class HourMove(NamedTuple):
    """An hour bucket of an account not yet known moves (semantics 2.7): `hour` is the number of the UTC hour."""

    meter: str
    hour: int
    quiet: Change | None
    firing: Change | None


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """A new profile (None: a tombstone), written together with the facts that follow from it.

    `hours` are the hour buckets that the account's moves and days replace; the shard refuses if there are others now.
    """

    profile: Profile | None
    evidence: Evidence
    appended: Instant
    hours: HourTotals | None = None


@dataclass(slots=True)
class AccountBatch:
    """All that a batch asks of one account, under the profile it assumes (None: not known).

    `lanes` move counters and buckets that neither `moves` nor `days` move. `found` are the signals that follow from its
    `notes`; each becomes a fact, behind those of the moves. `look` puts the next look at its days to this instant,
    wherever it was.
    """

    account: str
    profile: Profile | None
    moves: Sequence[Move] = ()
    days: Sequence[DayMove] = ()
    hours: Sequence[HourMove] = ()
    change: ProfileChange | None = None
    notes: Sequence[NoteChange] = ()
    found: Sequence[Signal] = ()
    look: Instant | None = None
    lanes: Sequence[LaneMove] = ()

    def apart(self) -> AccountBatch:
        """Return the same with the move of each counter and bucket by itself."""
        if not self.lanes:
            return self
        moves = [move for lane in self.lanes for move in moves_of(lane)]
        days = [DayMove(lane.meter.key, lane.day, change) for lane, change, _, _ in self.lanes]
        return replace(self, moves=[*moves, *self.moves], days=[*days, *self.days], lanes=())


def moves_of(asked: LaneMove) -> Iterator[Move]:
    """Yield what a lane's move does to each of its counters."""
    lane, change, event, appended = asked
    evidence = evidence_of(event)
    for counter, watched in lane.counters:
        quiet, firing = (None, change) if watched else (change, None)
        keep_from, forgotten = (0, None) if counter.start is None else (lane.keep_from, lane.forgotten)
        yield Move(counter, quiet, firing, watched, evidence, appended, keep_from, forgotten)


@dataclass(slots=True)
class ShardBatch:
    """One poll's work for one shard. `nonce` tells this call's facts from those of any other call.

    `roomy`: it holds what several events add, so a level that it ends at overflows from `amounts.ROOMY` on.
    """

    shard: int
    epoch: int
    nonce: str
    ranges: Sequence[Range]
    identities: Sequence[Identity] = ()
    accounts: Sequence[AccountBatch] = ()
    roomy: bool = False


# ---------------------------------------------------------------------------------------------- answered


@dataclass(frozen=True, slots=True)
class Applied:
    """All is written. `facts` holds every account whose facts must now be judged."""

    facts: Sequence[AccountFacts] = ()


@dataclass(frozen=True, slots=True)
class StaleEpoch:
    """The shard is judged under a later configuration epoch."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Behind:
    """A range starts below the watermark: part of it is applied already. `facts` may wait since then."""

    watermarks: Mapping[str, int | None]
    facts: Sequence[AccountFacts] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A range starts above the watermark: Redis lost what this worker had acknowledged. Rewind all it names."""

    watermarks: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class OtherProfiles:
    """These accounts have another profile, other hour buckets or other notes than the batch assumes."""

    accounts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """Identities seen before, by their index in the batch; True where the payload was another (semantics 1.4)."""

    conflicts: Mapping[int, bool]


class Bucket(NamedTuple):
    """A day bucket, or one of the two parts of an hour bucket, by the number of its UTC day or hour."""

    width: Literal["day", "quiet hour", "firing hour"]
    number: int


class Values(NamedTuple):
    """The level beside a counter that these values of a dimension have: one, or all those counted under `OTHER`."""

    counter: Counter
    dimension: str
    values: tuple[str, ...]


class Full(NamedTuple):
    """A counter, a bucket or a share at this level that cannot take what was asked of it."""

    account: str
    meter: str
    place: Counter | Bucket | Values
    level: int


@dataclass(frozen=True, slots=True)
class Overflow:
    """These would pass 63 bits; nothing is written."""

    full: Sequence[Full]


@dataclass(frozen=True, slots=True)
class Lost:
    """The shard is empty where the others are not: it must be rebuilt before it serves."""

    shard: int


Answer: TypeAlias = Applied | StaleEpoch | Behind | Gap | OtherProfiles | Seen | Overflow | Lost
Outcome = Literal["counted", "duplicate", "unmatched", "dead_lettered"]
