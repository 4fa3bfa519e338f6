"""What holds for all rules together, and what restrains one: `policy`, `cap`, `cooldown` (semantics 7.3, 7.7, 10.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import DAY
from expansion_signals.rules.spellings import CapSpelling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Duration
    from expansion_signals.model.kinds import FamilyName

ACCOUNT_CAP = CapSpelling(10, DAY)

ROUTE_BORDERS = (Decimal(1000), Decimal(25000))
"""Yearly values from which an account is assisted, and above which it has an owner."""


class QuietHours(NamedTuple):
    """Minutes of the account's local day from `start` to before `end`; it may pass midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for all rules together.

    `account_cap`: person-facing triggers of an account; `session_cap`: prompts shown in a session. `by_day`: charges
    are prorated by the day, not by the second. `pause`: how long a request to cancel silences expansion triggers.
    `attribution`: how long after a trigger an outcome is its own. `lasts`: how long triggers of a family are worth
    acting on, where that is not the family's own.
    """

    quiet_hours: QuietHours | None = None
    account_cap: CapSpelling = ACCOUNT_CAP
    session_cap: int = 3
    route_borders: tuple[Decimal, Decimal] = ROUTE_BORDERS
    by_day: bool = False
    pause: Duration = 30 * DAY
    attribution: Duration = 30 * DAY
    lasts: Mapping[FamilyName, Duration] = field(default_factory=dict)


class Restraint(NamedTuple):
    """What keeps one rule from firing again: a `cap`, and a `cooldown` that its detection does not keep itself."""

    cap: CapSpelling | None = None
    cooldown: Duration | None = None
