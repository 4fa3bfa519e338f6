"""Milestones: amounts that an account's use reaches once in its life (semantics 6.3).

rule {meter: projects, at: [10, 50, 100]}; one counter of the meter over the account's life, which no period resets

level 9     nothing
level 10    `milestone.reached` 10
level 8     nothing: no fall arms a milestone again
level 12    nothing
level 60    `milestone.reached` 50
an import of 30 comes to 90: nothing. Had it come to 100, 100 would be told as past, for good, and never fire

From 9 to 60 in one reading: one `milestone.reached` of 50, which names 10 in `crossed`, too.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.arming import Course, Turn, turn_place
from expansion_signals.detect.guards import Standing, guard_around
from expansion_signals.detect.lateness import by_reason, is_late, quieted, told_past
from expansion_signals.detect.limits import Judgement
from expansion_signals.detect.thresholds import Place, standing
from expansion_signals.model.amounts import plain, unscale
from expansion_signals.model.held_out import held_out
from expansion_signals.model.identities import identity_of
from expansion_signals.model.signals import Signal, Told
from expansion_signals.model.thresholds import UNTURNED, ArmKey
from expansion_signals.model.units import counted
from expansion_signals.rules.truth import is_settled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from expansion_signals.model.readings import Cause, Reading
    from expansion_signals.model.thresholds import Arm, Threshold
    from expansion_signals.rules.configuration import MilestoneRule

REACHED = "milestone.reached"


class _Passed(NamedTuple):
    """A milestone that was newly reached: where it stands, as a scaled amount."""

    threshold: Threshold
    at: int
    cause: Cause


def judge_milestones(
    reading: Reading,
    rules: Sequence[MilestoneRule],
    arms: Mapping[ArmKey, Arm],
    *,
    silent: bool = False,
    waiting: Collection[str] = (),
) -> Judgement:
    """Judge one reading of a counter over the account's life: at most one `milestone.reached` a rule.

    `arms` are all arms of the counter, those of limit rules too: they are left as they are. `silent` and `waiting` are
    as in `limits.judge`.
    """
    course = _course(reading)
    after = dict(arms)
    signals: list[Signal] = []
    if not silent:
        for rule in rules:
            seen = _course(quieted(reading)) if is_late(reading, rule.max_firing_age) else course
            passed: list[_Passed] = []
            past: list[_Passed] = []
            for threshold, place in _places(rule, reading):
                key = ArmKey(rule.id, str(threshold))
                turn = _turn(rule, place, seen, arms.get(key, UNTURNED), applies=rule.id not in waiting)
                after[key] = turn.arm
                passed += [_Passed(threshold, place.at, turn.reached.cause)] if turn.reached else []
                past += [_Passed(threshold, place.at, turn.past.cause)] if turn.past else []
            for why, each in by_reason(reading, rule.max_firing_age, past).items():
                signals += told_past(_reached(rule, reading, course.level, each), why)
            if passed:
                signals.append(_reached(rule, reading, course.level, sorted(passed, key=lambda each: each.at)))
    return Judgement(
        signals=tuple(signals),
        arms={key: arm for key, arm in after.items() if arm != UNTURNED},
        guard=guard_around(course, _standings(reading, rules, after)),
    )


def _course(reading: Reading) -> Course:
    """Return the course by which milestones turn.

    A milestone is an amount: no limit moves it, and none that changes makes it due. What the level stood at before the
    reading is past: a rule was added since, or nobody knows any more whether usage or an import led there.
    """
    return replace(Course.of(replace(reading, limit=None, last_limit=None)), added=True)


def _turn(rule: MilestoneRule, place: Place, course: Course, arm: Arm, *, applies: bool) -> Turn:
    if arm.state != "armed":
        return Turn(arm)
    return turn_place(arm, place, course, fire_when_added=rule.fire_when_added, applies=applies)


def _places(rule: MilestoneRule, reading: Reading) -> Iterator[tuple[Threshold, Place]]:
    """Yield each milestone with where it stands; none is ever left by a fall."""
    for threshold in rule.at:
        where = standing(threshold, None, reading.meter.precision)
        assert isinstance(where, Place)  # noqa: S101 -- an absolute amount has one place, with and without a limit
        yield threshold, where._replace(edge=None)


def _standings(reading: Reading, rules: Sequence[MilestoneRule], arms: Mapping[ArmKey, Arm]) -> Iterator[Standing]:
    for rule in rules:
        settled = is_settled(rule.when)
        for threshold, place in _places(rule, reading):
            yield Standing(place, arms.get(ArmKey(rule.id, str(threshold)), UNTURNED), settled)


def _reached(rule: MilestoneRule, reading: Reading, usage: int, passed: Sequence[_Passed]) -> Signal:
    """Return the one signal of a rule for these milestones, ascending: the highest gives threshold, id and cause."""
    highest = passed[-1]
    return Signal(
        id=_identity(rule, reading, highest),
        type=REACHED,
        account=reading.account,
        evidence=reading.evidence,
        data=_content(rule, reading, usage, passed),
        keys=tuple(_identity(rule, reading, each) for each in passed),
        arms=tuple(Told(str(each.threshold), 1, reading.appended) for each in passed),
        shadow=rule.shadow,
    )


def _identity(rule: MilestoneRule, reading: Reading, passed: _Passed) -> str:
    """Return the id: its subject is the meter and the milestone, and there is never a second firing (semantics 9.1)."""
    milestone = str(passed.threshold)
    return identity_of("milestone_reached", rule.id, reading.account, reading.meter.key, "", "", milestone, "1")


def _content(rule: MilestoneRule, reading: Reading, usage: int, passed: Sequence[_Passed]) -> dict[str, Any]:
    highest, meter = passed[-1], reading.meter
    return {
        "rule": {"id": rule.id, "version": rule.version},
        "family": "milestone",
        "plan": reading.profile.plan if reading.profile else None,
        "user": reading.evidence.user,
        "meter": meter.key,
        "unit": meter.unit,
        "usage": unscale(usage, meter.precision),
        "threshold": {**_threshold(highest), "comparison": ">="},
        "crossed": [_threshold(each) for each in passed],
        "cause": highest.cause,
        "session": reading.evidence.session,
        "why": _why(reading, usage, highest),
        "account": reading.profile.document() if reading.profile else None,
        **held_out(rule.id, rule.holdout, reading.account),
    }


def _threshold(passed: _Passed) -> dict[str, str]:
    return {"kind": "usage", "value": plain(passed.threshold.value)}


def _why(reading: Reading, usage: int, passed: _Passed) -> str:
    """Return for example `100 projects reached, over the whole life of the account; 104 by now`."""
    value, meter = passed.threshold.value, reading.meter
    reached = f"{value:,f} {counted(meter.unit, one=value == 1)} reached, over the whole life of the account"
    by_now = "" if usage == passed.at else f"; {Decimal(unscale(usage, meter.precision)):,f} by now"
    return f"{reached}{by_now}"
