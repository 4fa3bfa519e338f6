"""The levels between which a counter needs no judgement (architecture, The apply script)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.thresholds import Place, Series
from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.thresholds import Arm, Guard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expansion_signals.detect.arming import Course

OPEN = Guard(None, None)


class Standing(NamedTuple):
    """One threshold of a rule as it stands and is armed now.

    `settled`: what its condition asks changes with the profile only, and that has every counter judged anyway.
    """

    where: Place | Series
    arm: Arm
    settled: bool = True


def guard_around(course: Course, standings: Iterable[Standing]) -> Guard:
    """Return the widest guard around the level of this course within which none of the thresholds could turn."""
    guards = [_guard_of(standing, course) for standing in standings]
    return Guard(
        low=max((guard.low for guard in guards if guard.low is not None), default=None),
        high=min((guard.high for guard in guards if guard.high is not None), default=None),
    )


def _guard_of(standing: Standing, course: Course) -> Guard:
    where, arm, settled = standing
    if arm.waits:
        # What its condition asks may be so at any change: each is looked at.
        return OPEN if settled else Guard(low=course.level, high=course.level)
    if isinstance(where, Series):
        return _below(where.following(course.level if arm.step is None else max(arm.step, course.level)))
    if arm.state == "armed":
        return _below(where.at)
    if where.edge is None:
        return OPEN
    if course.level >= where.edge:
        return Guard(low=where.edge, high=None) if course.may_ever_fall(arm) else OPEN
    # Below its edge and still fired: the bound on falls holds it. Only time lifts that, so each change is looked at.
    return Guard(low=course.level, high=course.level + 1) if course.may_ever_fall(arm) else OPEN


def _below(place: int) -> Guard:
    """Return the guard of a place above; one that no counter can hold is never reached."""
    return Guard(low=None, high=place) if place <= LARGEST else OPEN
