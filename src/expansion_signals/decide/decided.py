"""What has been decided for an account: the unit is the key, not the signal (architecture, Deciding).

After a roll-back of Redis one time line may have published {80} and the other {80, 100}: the second signal fires for
the rest only. The key of a recurring step is `<series>:<absolute usage>`; one that is decided covers every lower step
of its series. A step that has an entry of its own is answered by it all the same: so a repetition of its signal is
known as one, however many steps were decided since, and to a worker that lags as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.instants import Instant


SIGNAL_DIGITS = 8
"""How much of a signal's id an entry keeps: enough to tell the few signals that ever meet on one key."""

KEY_DIGITS = 16
"""How much of a key's hash is kept: 64 bits, within one account."""

STEPS_KEPT = 8
"""How many steps of a series keep their entries below a newly decided one: a tiny step must not fill an account."""


class Key(NamedTuple):
    """What is decided once. `step` is the absolute usage at which a recurring step stands, None for a plain key."""

    series: str
    step: Decimal | None = None

    def covers(self, other: Key) -> bool:
        """Say whether the other is this key, or a lower step of its series."""
        if self.step is None or other.step is None:
            return self == other
        return self.series == other.series and self.step >= other.step


class Entry(NamedTuple):
    """One decided key: the verdict, which signal's record it was made for, and until when it is kept.

    `signal` is the beginning of its id, `record` its coordinates. Two records of one signal differ in `record`: the
    second is a repetition, not a question asked again. `kept_until` is a whole hour.
    """

    verdict: Verdict
    signal: str
    record: str
    kept_until: Instant


@dataclass(frozen=True, slots=True)
class Decided:
    """What deciding keeps of one account, as of a revision; a change is accepted for the revision it was read at only.

    `entries` are its decided keys. `unpassed` holds, by the record's coordinates, what was published because of records
    that may be asked again: their watermark has not moved yet.
    """

    revision: int = 0
    entries: Mapping[Key, Entry] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=Remembered)
    unpassed: Mapping[str, str] = field(default_factory=dict)

    def entry(self, text: str) -> Entry | None:
        """Return the entry that decides this key of a signal: its own, or that of the highest step that covers it."""
        key = key_of(text)
        if key in self.entries or key.step is None:
            return self.entries.get(key)
        covering = [decided for decided in self.entries if decided.covers(key)]
        return self.entries[max(covering)] if covering else None

    def made_for(self, text: str, record: str) -> Entry | None:
        """Return the entry of this very key, if it was made for this very record."""
        entry = self.entries.get(key_of(text))
        return entry if entry and entry.record == record else None

    # Made anew rather than by `replace`, which costs four times as much: each signal asks for four.

    def with_entries(self, entries: Mapping[Key, Entry]) -> Decided:
        """Return what stands once these are added."""
        return Decided(self.revision, {**self.entries, **entries}, self.remembered, self.unpassed)

    def remembering(self, remembered: Remembered) -> Decided:
        """Return what stands once this is remembered besides."""
        return Decided(self.revision, self.entries, remembered, self.unpassed)

    def publishing(self, place: str, published: str) -> Decided:
        """Return what stands once this is to be published because of the record of these coordinates."""
        return Decided(self.revision, self.entries, self.remembered, {**self.unpassed, place: published})


@dataclass(frozen=True, slots=True)
class Reservation:
    """What to remember of an account: `added` entries, made on `revision`, and the keys that are forgotten.

    `remembered` is what is remembered besides, None where that stays as it is; `published` what is about to be, by the
    coordinates of the records that led to it. `look`: when the first hold ends, where a look is to be made then.
    `health` is the account's, where it has changed: conditions of metering ask for it.
    """

    account: str
    revision: int
    added: Mapping[Key, Entry]
    forgotten: tuple[Key, ...] = ()
    remembered: Remembered | None = None
    published: Mapping[str, str] = field(default_factory=dict)
    look: Instant | None = None
    health: int | None = None

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is to be remembered or forgotten."""
        return not (self.added or self.forgotten or self.published) and self.remembered is None


@dataclass(frozen=True, slots=True)
class ShardReservation:
    """One poll's reservations of one shard, made where its watermarks `stand` (None: no record applied yet).

    `token` names them to the apply that passes the poll's records: one that does not find it knows of a roll-back.
    `earlier` is the token that a first call for the same records has left, and must still stand; empty for a first one.
    """

    shard: int
    stand: Mapping[str, int | None]
    reservations: Sequence[Reservation]
    token: str = ""
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class Reserved:
    """All is remembered but what these accounts asked: they changed since they were read."""

    refused: Sequence[str] = ()


def reserve(  # noqa: PLR0913, PLR0917 -- what a reservation is made of
    account: str,
    before: Decided,
    after: Decided,
    asked: Collection[Key],
    now: Instant,
    looked: Instant | None = None,
) -> Reservation:
    """Return what the decisions since `before` add or change, and what is not needed any more.

    Where they add nothing it is empty, and still names the revision: what answered them must still stand.

    Forgotten is what is past its time, and a step so far below an added one that `STEPS_KEPT` others lie between: that
    one covers it. But none of the keys `asked`: after a crash they are asked again, and a worker that lags may ask at
    this moment; the answer must be the same.

    `looked` is when a hold had ended by a reading. What is held all the same is looked at after that: a clock that is
    behind must not let it wait for ever, and a look at that very instant is on its way out.
    """
    added = {key: entry for key, entry in after.entries.items() if before.entries.get(key) != entry}
    kept = Remembered() if after.remembered.is_empty else after.remembered
    remembered = None if kept == before.remembered else kept
    published = {place: text for place, text in after.unpassed.items() if place not in before.unpassed}
    look = kept.next_look if looked is not None or kept.held != before.remembered.held else None
    if look is not None and looked is not None:
        look = max(look, looked + 1)
    forgotten: tuple[Key, ...] = ()
    if added:
        covered = _far_below(before, added)
        forgotten = tuple(
            key
            for key, entry in before.entries.items()
            if key not in asked and (entry.kept_until <= now or key in covered)
        )
    health = None if kept.health == before.remembered.health else (kept.health or {}).get("score")
    return Reservation(account, before.revision, added, forgotten, remembered, published, look, health)


def _far_below(before: Decided, added: Collection[Key]) -> set[Key]:
    """Return the steps below an added one of their series, but for the highest of them."""
    far: set[Key] = set()
    steps = [key for key in added if key.step is not None]
    for series in {key.series for key in steps}:
        highest = max(key for key in steps if key.series == series)
        far.update(sorted(filter(highest.covers, before.entries))[:-STEPS_KEPT])
    return far


def key_of(text: str) -> Key:
    """Return the key that a signal names: `<hash>` or, for a recurring step, `<hash>:<absolute usage>`."""
    series, _, step = text.partition(":")
    return Key(series[:KEY_DIGITS], Decimal(step) if step else None)
