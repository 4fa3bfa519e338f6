"""Judging a reading against the limit rules of its meter (semantics 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.arming import Course, Turn, turn_absent, turn_place, turn_series
from expansion_signals.detect.guards import Standing, guard_around
from expansion_signals.detect.held import course_again
from expansion_signals.detect.lateness import by_reason, is_late, quieted, told_past
from expansion_signals.detect.limit_signals import LIMITS, Crossing, Writer
from expansion_signals.detect.thresholds import Place, Series, standing
from expansion_signals.model.thresholds import UNTURNED, ArmKey
from expansion_signals.rules.truth import is_settled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from expansion_signals.model.readings import Reading
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.thresholds import Arm, Guard, Threshold
    from expansion_signals.rules.configuration import ThresholdRule


class _Stands(NamedTuple):
    """One threshold of a rule: the key of its arm, and where it stands now."""

    threshold: Threshold
    key: ArmKey
    where: Place | Series | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reading says, what is remembered of its counter from now on, and when to look at it again.

    `arms` are all arms of the counter; a threshold without one is armed in its first generation. Arms of rules that
    are gone are kept: a threshold that is taken out and put back stays fired.
    """

    signals: tuple[Signal, ...]
    arms: Mapping[ArmKey, Arm]
    guard: Guard


def judge(  # noqa: PLR0913 -- what a judgement depends on
    reading: Reading,
    rules: Sequence[ThresholdRule],
    arms: Mapping[ArmKey, Arm],
    *,
    silent: bool = False,
    waiting: Collection[str] = (),
    writer: Writer = LIMITS,
) -> Judgement:
    """Judge one reading by the level it ends at: at most one `limit.reached` a rule, for the highest newly reached.

    `rules` are those of the reading's meter. `silent` says that the counter may not fire: its period was
    over when the change was appended (semantics 2.6), or it is incomplete. Every arm is left as it is. `waiting` are
    the ids of rules whose condition is not true: what they reach waits until it is. `writer` tells what turned.
    """
    course = Course.of(reading)
    stand = {rule.id: _standing(rule, reading) for rule in rules}
    after = dict(arms)
    signals: list[Signal] = []
    if not silent:
        for rule in rules:
            seen = Course.of(quieted(reading)) if is_late(reading, rule.max_firing_age) else course
            applies = rule.id not in waiting
            turns = [
                (each.threshold, _turn(rule, each, reading, seen, arms, applies=applies)) for each in stand[rule.id]
            ]
            after.update({each.key: turn.arm for each, (_, turn) in zip(stand[rule.id], turns, strict=True)})
            signals.extend(_signals(rule, reading, course.level, turns, writer))
    return Judgement(
        signals=tuple(signals),
        arms={key: arm for key, arm in after.items() if arm != UNTURNED},
        guard=guard_around(course, _standings(rules, stand, after)),
    )


def _turn(  # noqa: PLR0913 -- what one threshold's turn depends on
    rule: ThresholdRule,
    stands: _Stands,
    reading: Reading,
    course: Course,
    arms: Mapping[ArmKey, Arm],
    *,
    applies: bool,
) -> Turn:
    arm, where = arms.get(stands.key, UNTURNED), stands.where
    if arm.held:
        again = course_again(arm, stands.threshold, reading, course)
        if again is None:
            return Turn(arm)
        arm, course = replace(arm, held=0), again
    match where:
        case Place():
            return turn_place(arm, where, course, fire_when_added=rule.fire_when_added, applies=applies)
        case Series():
            return turn_series(arm, where, course, fire_when_added=rule.fire_when_added, applies=applies)
        case None:
            return turn_absent(arm, course)


def _signals(
    rule: ThresholdRule, reading: Reading, usage: int, turns: Sequence[tuple[Threshold, Turn]], writer: Writer
) -> Iterator[Signal]:
    for threshold, turn in turns:
        if turn.recovered:
            yield writer.recovered(rule, reading, usage, Crossing(threshold, *turn.recovered))
    past = [Crossing(threshold, *turn.past) for threshold, turn in turns if turn.past]
    for why, passed in by_reason(reading, rule.max_firing_age, past).items():
        yield from told_past(writer.reached(rule, reading, usage, passed), why)
    crossings = [Crossing(threshold, *turn.reached) for threshold, turn in turns if turn.reached]
    if crossings:
        yield writer.reached(rule, reading, usage, sorted(crossings, key=_place))


def _place(crossing: Crossing) -> int:
    return crossing.at


def _standing(rule: ThresholdRule, reading: Reading) -> Sequence[_Stands]:
    limit, precision = reading.limit, reading.meter.precision
    distinct = _distinct(rule.id, rule.at)
    return [_Stands(threshold, key, standing(threshold, limit, precision)) for key, threshold in distinct]


@lru_cache(maxsize=1024)
def _distinct(rule: str, at: tuple[Threshold, ...]) -> Sequence[tuple[ArmKey, Threshold]]:
    return tuple({ArmKey(rule, str(threshold)): threshold for threshold in at}.items())


def _standings(
    rules: Sequence[ThresholdRule], stand: Mapping[str, Sequence[_Stands]], arms: Mapping[ArmKey, Arm]
) -> Iterator[Standing]:
    for rule in rules:
        settled = is_settled(rule.when)
        for each in stand[rule.id]:
            if each.where is not None:
                yield Standing(each.where, arms.get(each.key, UNTURNED), settled)
