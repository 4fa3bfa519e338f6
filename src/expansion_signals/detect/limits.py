"""Judging a reading against the limit rules of its meter (semantics 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expansion_signals.detect.arming import Course, Turn, turn_absent, turn_place, turn_series
from expansion_signals.detect.guards import Standing, guard_around
from expansion_signals.detect.held import course_again
from expansion_signals.detect.limit_signals import Crossing, reached, recovered
from expansion_signals.detect.thresholds import Place, Series, standing
from expansion_signals.model.thresholds import Arm, ArmKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.instants import Duration
    from expansion_signals.model.readings import Reading
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.thresholds import Guard, Threshold
    from expansion_signals.rules.configuration import LimitRule


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reading says, what is remembered of its counter from now on, and when to look at it again.

    `arms` are all arms of the counter; a threshold without one is armed in its first generation. Arms of rules that
    are gone are kept: a threshold that is taken out and put back stays fired.
    """

    signals: tuple[Signal, ...]
    arms: Mapping[ArmKey, Arm]
    guard: Guard


def judge(
    reading: Reading, rules: Sequence[LimitRule], arms: Mapping[ArmKey, Arm], *, silent: bool = False
) -> Judgement:
    """Judge one reading by the level it ends at: at most one `limit.reached` a rule, for the highest newly reached.

    `rules` are those of the reading's meter. `silent` says that the counter may not fire: its period was
    over when the change was appended (semantics 2.6), or it is incomplete. Every arm is left as it is.
    """
    course, longest = Course.of(reading), max((rule.max_firing_age for rule in rules), default=0)
    after = dict(arms)
    signals: list[Signal] = []
    if not silent:
        for rule in rules:
            seen = Course.of(_quieted(reading)) if _is_late(reading, rule, longest) else course
            turns = [(threshold, _turn(rule, threshold, reading, seen, arms)) for threshold in _distinct(rule)]
            after.update({ArmKey(rule.id, str(threshold)): turn.arm for threshold, turn in turns})
            signals.extend(_signals(rule, reading, course.level, turns))
    return Judgement(
        signals=tuple(signals),
        arms={key: arm for key, arm in after.items() if arm != Arm()},
        guard=guard_around(course, _standings(reading, rules, after)),
    )


def _is_late(reading: Reading, rule: LimitRule, longest: Duration) -> bool:
    """Say whether what may fire is too old for this rule (semantics 3.8), though not for the one with the longest age.

    That one's age has split the reading. Its evidence stands for all of its firing part; a profile's arrival is none.
    """
    if rule.max_firing_age == longest or reading.cause == "profile_arrived":
        return False
    return reading.appended - reading.evidence.time > rule.max_firing_age


def _quieted(reading: Reading) -> Reading:
    return replace(reading, quiet=reading.quiet + reading.firing, firing=0)


def _turn(rule: LimitRule, threshold: Threshold, reading: Reading, course: Course, arms: Mapping[ArmKey, Arm]) -> Turn:
    arm = arms.get(ArmKey(rule.id, str(threshold)), Arm())
    if arm.held:
        again = course_again(arm, threshold, reading, course)
        if again is None:
            return Turn(arm)
        arm, course = replace(arm, held=0), again
    where = standing(threshold, reading.limit, reading.meter.precision)
    match where:
        case Place():
            return turn_place(arm, where, course, fire_when_added=rule.fire_when_added)
        case Series():
            return turn_series(arm, where, course, fire_when_added=rule.fire_when_added)
        case None:
            return turn_absent(arm, course)


def _signals(
    rule: LimitRule, reading: Reading, usage: int, turns: Sequence[tuple[Threshold, Turn]]
) -> Iterator[Signal]:
    for threshold, turn in turns:
        if turn.recovered:
            yield recovered(rule, reading, usage, Crossing(threshold, *turn.recovered))
    crossings = [Crossing(threshold, *turn.reached) for threshold, turn in turns if turn.reached]
    if crossings:
        yield reached(rule, reading, usage, sorted(crossings, key=_place))


def _place(crossing: Crossing) -> int:
    return crossing.at


def _distinct(rule: LimitRule) -> Sequence[Threshold]:
    return tuple({str(threshold): threshold for threshold in rule.at}.values())


def _standings(reading: Reading, rules: Sequence[LimitRule], arms: Mapping[ArmKey, Arm]) -> Iterator[Standing]:
    for rule in rules:
        for threshold in _distinct(rule):
            where = standing(threshold, reading.limit, reading.meter.precision)
            if where is not None:
                yield Standing(where, arms.get(ArmKey(rule.id, str(threshold)), Arm()))
