"""Looks: when an account must be looked at although no event of it comes (architecture, Time-driven work)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.notes import Note
    from expansion_signals.model.readings import Counter

DAILY = "daily"
"""The reason of a look at a closed day; also the subject of the note that remembers what it found."""

HOLD = "hold"
"""The reason of a look when the first hold of an account's candidates ends; also the subject of the note on it."""


class Look(NamedTuple):
    """An account is to be looked at, for this reason, once the append time reached is `at`."""

    account: str
    reason: str
    at: Instant


class History(NamedTuple):
    """What is kept of an account that a look at a day asks for; amounts are scaled.

    `days` holds what was counted by meter and UTC day, whole months back beyond the longest window. `first_day` is the
    first UTC day on which anything was counted, as far back as days and monthly totals are kept; None: nothing was.
    """

    account: str
    profile: Profile | None
    note: Note
    days: Mapping[tuple[str, int], int]
    levels: Mapping[Counter, int]
    first_day: int | None
