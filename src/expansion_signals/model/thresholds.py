"""Thresholds, and what is remembered of each: armed or fired, and how often it was armed (semantics 3.1, 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from expansion_signals.model.amounts import plain

if TYPE_CHECKING:
    from decimal import Decimal

    from expansion_signals.model.instants import Instant

ThresholdKind = Literal["percent", "usage", "remaining", "step"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A place on a counter's way that a rule watches; reaching it is `>=`.

    `percent` of the limit, absolute `usage`, `remaining` to the limit, or a `step` of `value` that recurs above
    its base: `after_percent` of the limit, `after_usage`, or zero where neither is given.
    """

    kind: ThresholdKind
    value: Decimal
    after_percent: Decimal | None = None
    after_usage: Decimal | None = None

    def __str__(self) -> str:
        """Return the form of rules.yaml: `80%`, `800`, `200 remaining`, `every 1000 after 100%`."""
        number = plain(self.value)
        if self.kind == "percent":
            return f"{number}%"
        if self.kind == "remaining":
            return f"{number} remaining"
        if self.kind == "usage":
            return number
        if self.after_percent is not None:
            return f"every {number} after {plain(self.after_percent)}%"
        if self.after_usage is not None:
            return f"every {number} after {plain(self.after_usage)}"
        return f"every {number}"


class ArmKey(NamedTuple):
    """Which arm: a rule, and its threshold in the form of rules.yaml; written twice in a rule, it is one."""

    rule: str
    threshold: str


ArmState = Literal["armed", "fired", "already_past"]


@dataclass(frozen=True, slots=True)
class Arm:
    """What is remembered of one threshold of one rule on one counter.

    `generation` starts at 1 and rises each time the threshold is armed again; `falls` are the instants of the
    rises that corrections and falls caused, which are bounded (semantics 3.4). `step` is the highest step fired,
    as scaled absolute usage, for a recurring step. `held` is set where the arm was restored after a loss: what was
    appended until then is history that is read again, and turns it no more. `waits`: the level has reached it by what
    may fire, and the condition of its rule was not true then; it fires with the next reading at which that is.
    """

    state: ArmState = "armed"
    generation: int = 1
    falls: tuple[Instant, ...] = ()
    step: int | None = None
    held: Instant = 0
    waits: bool = False


UNTURNED = Arm()
"""That of a threshold of which nothing is remembered."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The levels between which a counter needs no judgement: `low <= level < high`; None is without end."""

    low: int | None
    high: int | None

    def passed(self, level: int) -> bool:
        """Say whether this level must be judged."""
        return (self.high is not None and level >= self.high) or (self.low is not None and level < self.low)

    def within(self, other: Guard) -> Guard:
        """Return the levels that need no judgement for either."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Guard(max(lows, default=None), min(highs, default=None))
