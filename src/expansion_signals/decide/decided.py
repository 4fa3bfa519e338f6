"""What has been decided for an account: the unit is the key, not the signal (architecture, Deciding).

After a roll-back of Redis one time line may have published {80} and the other {80, 100}: the second signal fires for
the rest only. The key of a recurring step is `<series>:<absolute usage>`; one that is decided covers every lower step
of its series.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.instants import Instant


SIGNAL_DIGITS = 8
"""How much of a signal's id an entry keeps: enough to tell the few signals that ever meet on one key."""

KEY_DIGITS = 16
"""How much of a key's hash is kept: 64 bits, within one account."""


class Entry(NamedTuple):
    """One decided key: the verdict, which signal's record it was made for, and until when it is kept.

    `signal` is the beginning of its id, `record` its coordinates. Two records of one signal differ in `record`: the
    second is a repetition, not a question asked again. `step` is the absolute usage up to which the key's series is
    decided, None for a plain key.
    """

    verdict: Verdict
    signal: str
    record: str
    kept_until: Instant
    step: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The decided keys of one account, as of a revision; a change is accepted for the revision it was read at only."""

    revision: int = 0
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def entry(self, key: str) -> Entry | None:
        """Return the entry that decides this key, if it is decided."""
        series, step = series_of(key)
        found = self.entries.get(series)
        if found is None or step is None or (found.step is not None and found.step >= step):
            return found
        return None

    def with_entries(self, entries: Mapping[str, Entry]) -> Decided:
        """Return what stands once these are added."""
        return Decided(self.revision, {**self.entries, **entries})


@dataclass(frozen=True, slots=True)
class Reservation:
    """What to remember of an account: `added` entries, made on `revision`, and the series that are forgotten."""

    account: str
    revision: int
    added: Mapping[str, Entry]
    forgotten: tuple[str, ...]


def reserve(account: str, before: Decided, after: Decided, now: Instant) -> Reservation | None:
    """Return what the decisions since `before` add, and what is past its time; None where they add nothing."""
    added = {series: entry for series, entry in after.entries.items() if before.entries.get(series) != entry}
    if not added:
        return None
    past = tuple(series for series, entry in after.entries.items() if entry.kept_until <= now and series not in added)
    return Reservation(account, before.revision, added, past)


def series_of(key: str) -> tuple[str, Decimal | None]:
    """Return what a key is remembered under, and its step where it is one of a series."""
    series, _, step = key.partition(":")
    return series[:KEY_DIGITS], Decimal(step) if step else None
