"""What a reading does to one threshold: the re-arming table of semantics 3.4, row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import DAY
from expansion_signals.model.thresholds import Arm

if TYPE_CHECKING:
    from expansion_signals.detect.thresholds import Place, Series
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Cause, Limit, Reading
    from expansion_signals.model.thresholds import ArmState

FALLS_REMEMBERED = 2
"""How many generations corrections and falls may add in a period; for `per: never`, within `FALLS_WITHIN`."""

FALLS_WITHIN: Duration = 30 * DAY


@dataclass(frozen=True, slots=True)
class Course:
    """The way of a level through one reading: `before`, then the quiet part to `quieted`, then on to `level`.

    `changed`: the limit is another than the one last judged under. `granted_more`: it is higher. `raised`: it is, or
    may be, because no limit was known then. `added`: a threshold still armed at or below `before` can only have been
    added by a rule, since `before` was judged already. `resets`: a period will end this counter.
    """

    before: int
    quieted: int
    level: int
    at: Instant
    resets: bool
    changed: bool
    raised: bool
    granted_more: bool
    added: bool
    cause: Cause

    @classmethod
    def of(cls, reading: Reading) -> Course:
        """Read the course off a reading."""
        changed = reading.judged and reading.last_limit != (reading.limit.amount if reading.limit else None)
        granted_more = changed and reading.last_limit is not None and _is_higher(reading.limit, reading.last_limit)
        return cls(
            before=reading.before,
            quieted=reading.before + reading.quiet,
            level=reading.before + reading.quiet + reading.firing,
            at=reading.evidence.time,
            resets=reading.period is not None,
            changed=changed,
            raised=granted_more or (changed and reading.last_limit is None),
            granted_more=granted_more,
            added=not changed if reading.judged else reading.cause == "rule_added",
            cause=reading.cause,
        )

    @property
    def only_quiet(self) -> bool:
        """Whether nothing in the reading may fire."""
        return self.level == self.quieted != self.before

    def firing_cause(self, place: int, *, fire_when_added: bool, waited: bool = False) -> Cause | None:
        """Say why an armed threshold that the level has reached fires; None if it is `already_past`.

        `waited`: it was reached before, and no rule has added it since.
        """
        if place <= self.before:
            if self.added and not waited:
                return "rule_added" if fire_when_added else None
            return self._cause_under_new_limit(place) if self.changed else self.cause
        return None if place <= self.quieted else self._cause_since()

    def past_cause(self, place: int) -> Cause:
        """Say what led to a threshold that is `already_past`."""
        if place > self.before:
            return self._cause_since()
        return self.cause if self.cause == "profile_arrived" else "rule_added"

    def may_fall(self, arm: Arm) -> bool:
        """Say whether a fall may arm this threshold once more (the bound of semantics 3.4)."""
        return len(self._recent(arm)) < FALLS_REMEMBERED

    def may_ever_fall(self, arm: Arm) -> bool:
        """Say whether a fall may arm it now or, on a counter that no period resets, when earlier falls are old."""
        return not self.resets or self.may_fall(arm)

    def fallen(self, arm: Arm) -> Arm:
        """Return the threshold armed again by a fall."""
        return Arm(generation=arm.generation + 1, falls=(*self._recent(arm), self.at))

    def _recent(self, arm: Arm) -> tuple[Instant, ...]:
        if self.resets:
            return arm.falls
        return tuple(fall for fall in arm.falls if self.at - fall < FALLS_WITHIN)

    def _cause_since(self) -> Cause:
        return "usage" if self.changed else self.cause

    def _cause_under_new_limit(self, place: int) -> Cause:
        return "limit_changed" if place <= self.quieted else "usage"


class Reach(NamedTuple):
    """A threshold's place was reached, or left by a fall, in this generation of its arm."""

    at: int
    generation: int
    cause: Cause


class Turn(NamedTuple):
    """What became of one threshold: its arm, whether it fires, and whether a fall armed it after it had fired.

    `past`: it was reached and does not fire, because what reached it may not, or it was reached before. Of a recurring
    step, one that fires may stand below one that is past.
    """

    arm: Arm
    reached: Reach | None = None
    recovered: Reach | None = None
    past: Reach | None = None


def turn_absent(arm: Arm, course: Course) -> Turn:
    """Turn a threshold that does not exist now: an unlimited plan puts it above every level, no limit leaves it be."""
    return Turn(_armed_by_limit(arm) if course.granted_more else arm)


def turn_place(arm: Arm, place: Place, course: Course, *, fire_when_added: bool, applies: bool = True) -> Turn:
    """Turn a percent, usage or remaining threshold; where its rule does not apply, it waits instead of firing."""
    if course.raised and place.at > course.before:
        arm = _armed_by_limit(arm)
    recovered = None
    # The level before counts too: a fall that the bound did not let arm may have become old enough since.
    if arm.state != "armed" and place.is_left(min(course.before, course.level)) and course.may_fall(arm):
        if arm.state == "fired" and place.is_left(course.level):
            recovered = Reach(place.at, arm.generation, course.cause)
        arm = course.fallen(arm)
    if arm.state != "armed" or course.level < place.at:
        return Turn(_waiting(arm, waits=False), recovered=recovered)
    if arm.waits and course.only_quiet:
        return Turn(arm)
    cause = course.firing_cause(place.at, fire_when_added=fire_when_added, waited=arm.waits)
    if cause is None:
        past = Reach(place.at, arm.generation, course.past_cause(place.at))
        return Turn(replace(arm, state="already_past", waits=False), past=past)
    if not applies:
        return Turn(_waiting(arm, waits=True))
    return Turn(replace(arm, state="fired", waits=False), Reach(place.at, arm.generation, cause))


def turn_series(arm: Arm, series: Series, course: Course, *, fire_when_added: bool, applies: bool = True) -> Turn:
    """Turn a recurring step: only its highest newly reached place counts, and no fall arms it.

    Where its rule does not apply, steps reached wait instead of firing.
    """
    arm = _series_under_new_limit(arm, series, course)
    highest = series.highest(course.level)
    if not _is_new(highest, arm):
        return Turn(_waiting(arm, waits=False))
    if arm.waits and course.only_quiet:
        return Turn(arm)
    reached = _step_that_fires(arm, series, course, fire_when_added=fire_when_added)
    if reached is not None and not applies:
        return Turn(_waiting(arm, waits=True))
    past = None
    if highest is not None and (reached is None or reached.at < highest):
        past = Reach(highest, arm.generation, course.past_cause(highest))
    return Turn(_passed(arm, highest, fired=reached is not None), reached, past=past)


def _series_under_new_limit(arm: Arm, series: Series, course: Course) -> Arm:
    """Arm the steps above the level once more if one of them had fired; keep those below it where they are."""
    if course.raised and arm.step is not None and arm.step > course.before:
        arm = _armed_by_limit(arm)
    below = series.highest(course.before)
    if course.granted_more and _is_new(below, arm):
        arm = _passed(arm, below, fired=False)
    return arm


def _step_that_fires(arm: Arm, series: Series, course: Course, *, fire_when_added: bool) -> Reach | None:
    """Return the highest new step that may fire: one passed by the quiet part may hide one below that fires."""
    for level in (course.level, min(course.before, course.level)):
        step = series.highest(level)
        if step is None or not _is_new(step, arm):
            return None
        cause = course.firing_cause(step, fire_when_added=fire_when_added, waited=arm.waits)
        if cause is not None:
            return Reach(step, arm.generation, cause)
    return None


def _passed(arm: Arm, step: int | None, *, fired: bool) -> Arm:
    """Return the series at this step; it has fired as soon as one of its steps has in this generation."""
    state: ArmState = "fired" if fired or arm.state == "fired" else "already_past"
    return replace(arm, state=state, step=step, waits=False)


def _waiting(arm: Arm, *, waits: bool) -> Arm:
    """Return the arm with what it waits for: that the condition of its rule becomes true."""
    return arm if arm.waits == waits else replace(arm, waits=waits)


def _is_new(step: int | None, arm: Arm) -> bool:
    return step is not None and (arm.step is None or step > arm.step)


def _armed_by_limit(arm: Arm) -> Arm:
    """Return the threshold armed by a new limit: without bound, and as a new generation only if it had fired."""
    return Arm(generation=arm.generation + (arm.state == "fired"), falls=arm.falls)


def _is_higher(limit: Limit | None, amount: int) -> bool:
    """Say whether a limit grants more than this amount; no limit known grants nothing that could be compared."""
    return limit is not None and (limit.amount is None or limit.amount > amount)
