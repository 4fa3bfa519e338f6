"""What an event, or many, does to a level: each aggregation's change (semantics 2.2), and those of gates and seats.

Levels and amounts are scaled whole numbers; instants are microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant


class Add(NamedTuple):
    """`sum` and `count`: the level moves by this amount."""

    amount: int


class Raise(NamedTuple):
    """`max`: the level becomes this one where it is lower, or where there is none (semantics 2.2)."""

    level: int


class Replace(NamedTuple):
    """`latest`: the level becomes this one, unless one of a later event stands; ties go by offset (semantics 2.2)."""

    level: int
    time: Instant
    offset: int


EXACT_MEMBERS = 500
"""Members kept of a counter. Beyond, a sketch estimates them, off by 0.8 % on average, and payloads say so."""


class See(NamedTuple):
    """`unique`: the level grows by those of these members that were not seen; each a signed 64-bit hash."""

    members: tuple[int, ...]


class Become(NamedTuple):
    """A baseline of `sum` or `count`: the level is this one and what the day buckets of these UTC days hold."""

    level: int
    days: tuple[int, ...] = ()


Change = Add | Raise | Replace | See | Become
