"""Counters, what moved them, and the reading after a poll's batch (semantics 2, 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import LimitKind, Meter
    from expansion_signals.model.events import Evidence
    from expansion_signals.model.instants import Duration, Instant

Cause = Literal["usage", "limit_changed", "rule_added", "profile_arrived"]


class Counter(NamedTuple):
    """One level that is kept: a meter, one value of its dimensions (empty: all), and where its period starts.

    `start` is None for `per: never`: a stock that no period resets (semantics 2.3).
    """

    meter: str
    dimension: str
    start: Instant | None


class Period(NamedTuple):
    """`[start, end)`."""

    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit in force for a metered feature, scaled by the meter's precision; `amount` None is unlimited."""

    feature: str
    amount: int | None
    kind: LimitKind


@dataclass(frozen=True, slots=True)
class Reading:
    """One counter's change that must be judged, with all that judging it needs.

    Levels are scaled amounts. The level went from `before` by `quiet` (counts but may not fire: backfill, or older
    than the firing age; applied first) and then by `firing`. `limit` is the limit in force now and `last_limit`
    the amount under which this counter was last judged; where it never was, `judged` is False. `estimated`: a sketch
    counts the members of this `unique` meter, because there were too many to keep. `appended` is the append time
    that the change was judged at. `firing_age` is the age by which quiet was told from firing: the longest of the rules
    that look at the counter.
    """

    account: str
    profile: Account | None
    meter: Meter
    dimension: str
    period: Period | None
    before: int
    quiet: int
    firing: int
    evidence: Evidence
    cause: Cause
    limit: Limit | None
    last_limit: int | None
    judged: bool
    estimated: bool = False
    appended: Instant = 0
    firing_age: Duration = 0
