"""How one threshold of one rule stands on a counter: armed or fired, where it fires next, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from expansion_signals.detect.arming import FALLS_REMEMBERED, FALLS_WITHIN
from expansion_signals.detect.thresholds import Place, Series, standing
from expansion_signals.model.thresholds import Arm, ArmKey
from expansion_signals.rules.configuration import MilestoneRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Limit
    from expansion_signals.model.thresholds import Threshold
    from expansion_signals.rules.configuration import ThresholdRule

ThresholdState = Literal["armed", "fired", "already_past", "due", "waiting", "absent"]
"""As marked; `due`: the level is at or past it and nobody has judged that yet; `waiting`: the condition of its rule was
not true when it was judged; `absent`: it needs a limit."""


@dataclass(frozen=True, slots=True)
class ThresholdOverview:
    """One threshold of one rule on one counter, in scaled amounts.

    `at` is where it stands; of a recurring step, where its next one does, and `reached` is the highest step passed.
    `rearms_below` is the level under which a fall arms it again, None where none does now.
    """

    rule: ThresholdRule
    threshold: Threshold
    state: ThresholdState
    generation: int
    at: int | None = None
    reached: int | None = None
    rearms_below: int | None = None

    @property
    def is_milestone(self) -> bool:
        """Whether it fires once in an account's life."""
        return isinstance(self.rule, MilestoneRule)

    def to_go(self, level: int) -> int | None:
        """Return how far the level is from the place where it fires next; None where it does not, as it stands."""
        if self.at is None or not (self.state == "armed" or self.threshold.kind == "step"):
            return None
        return max(0, self.at - level)


class CountedLevel(NamedTuple):
    """A counter's level, and what thresholds on it depend on."""

    level: int
    limit: Limit | None
    meter: Meter
    now: Instant


def threshold_overview(
    rule: ThresholdRule, threshold: Threshold, on: CountedLevel, arms: Mapping[ArmKey, Arm]
) -> ThresholdOverview:
    """Return how a threshold stands now."""
    arm = arms.get(ArmKey(rule.id, str(threshold)), Arm())
    where = standing(threshold, on.limit, on.meter.precision)
    match where:
        case Place():
            due = arm.state == "armed" and on.level >= where.at
            may_rearm = arm.state != "armed" and not isinstance(rule, MilestoneRule) and _may_fall(arm, on)
            edge = where.edge if may_rearm else None
            return ThresholdOverview(rule, threshold, _state(arm, due=due), arm.generation, where.at, rearms_below=edge)
        case Series():
            highest = where.highest(on.level)
            due = highest is not None and (arm.step is None or highest > arm.step)
            following = where.following(on.level if arm.step is None else max(arm.step, on.level))
            return ThresholdOverview(rule, threshold, _state(arm, due=due), arm.generation, following, reached=arm.step)
        case None:
            return ThresholdOverview(rule, threshold, "absent", arm.generation)


def _state(arm: Arm, *, due: bool) -> ThresholdState:
    if not due:
        return arm.state
    return "waiting" if arm.waits else "due"


def _may_fall(arm: Arm, on: CountedLevel) -> bool:
    """Say whether a fall may still arm it: twice in a period, or within 30 days on a stock (semantics 3.4)."""
    if on.meter.per != "never":
        return len(arm.falls) < FALLS_REMEMBERED
    return sum(on.now - fall < FALLS_WITHIN for fall in arm.falls) < FALLS_REMEMBERED
