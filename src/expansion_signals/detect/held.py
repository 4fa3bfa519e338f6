"""Arms that were restored after a loss, beside a level that is counted once more from nothing.

What turned such an arm has been told. Until the counter has passed it again, the arm turns no more: neither up, which
would tell it twice, nor down, because a level that is not yet what it was has not fallen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.detect.thresholds import Place, Series, standing
from expansion_signals.model.readings import Limit

if TYPE_CHECKING:
    from expansion_signals.detect.arming import Course
    from expansion_signals.model.readings import Reading
    from expansion_signals.model.thresholds import Arm, Threshold


def course_again(arm: Arm, threshold: Threshold, reading: Reading, course: Course) -> Course | None:
    """Return the course in which a restored arm may turn again; None while what turned it is not passed.

    appended no later than what turned it              none: history
    later, and the arm is armed                        the reading's
    later, and the level stood where it had fired      the reading's
    later, and now the level comes there               one that stood there before: coming back is no crossing, and a
                                                       new limit is judged from there
    later, and it is not there yet                     none: one partition is read further than another, or a profile
                                                       that came after the usage then comes before it now

    Nothing that was passed meanwhile was added by a rule.
    """
    if reading.appended <= arm.held:
        return None
    course = replace(course, added=False)
    place = None if arm.state == "armed" else _place_of_firing(arm, threshold, reading)
    if place is None or not place.is_left(course.before):
        return course
    return replace(course, before=course.level, quieted=course.level) if course.level >= place.at else None


def _place_of_firing(arm: Arm, threshold: Threshold, reading: Reading) -> Place | None:
    """Return where it fired: under the limit that its counter was last judged under, which may be another by now."""
    if arm.step is not None:
        return Place(arm.step, arm.step)
    limit = None if reading.last_limit is None else Limit("", reading.last_limit, "soft")
    where = standing(threshold, limit, reading.meter.precision)
    return None if isinstance(where, Series) else where
