"""Of every kind that may be past when it is found: found once, with the reason, and decided so (semantics 3.8, 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from evidence_courses import ADMIN, CANCEL, COURSES, GATE, INTEGRATION, PRODUCT, Course, Walk
from expansion_signals.decide.candidates import candidate_in
from expansion_signals.decide.decided import Decided
from expansion_signals.decide.decisions import decide
from expansion_signals.detect.limits import judge
from expansion_signals.detect.milestones import judge_milestones
from expansion_signals.model.catalog import Meter
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.kinds import KINDS, PQL
from expansion_signals.rules.configuration import MilestoneRule
from sample_ground import ground
from sample_readings import NOW, percent, reading, rule, usage
from seated_account import APPROACHED, INVITED, LAST_TAKEN, SeatedAccount

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expansion_signals.decide.decisions import Ruling
    from expansion_signals.model.readings import Reading
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

PROJECTS = Meter("projects", "com.acme.project.created", "count", "project", per="never")
MILESTONE = MilestoneRule("first-projects", "9b1c", "projects", (usage(10), usage(50)))
OF_CLOSED_DAYS = {
    "usage.accelerated",
    "usage.run_out_forecast",
    "volume.grown",
    "power_user.reached",
    "renewal.near",
    "usage.declined",
}
"""No event finds them, so none is late."""


class Came(NamedTuple):
    """How the event came that reached it: so long after it happened, as backfill or not."""

    late: int
    backfill: bool = False


IN_TIME, LATE, IMPORTED, BACKFILLED = Came(HOUR), Came(HOUR + 1), Came(9 * DAY, backfill=True), Came(0, backfill=True)


def read(came: Came, usage: int, **changes: object) -> Reading:
    evidence = Evidence("e-1", "/apps/web", NOW - came.late, backfill=came.backfill)
    firing = usage if came is IN_TIME else 0
    return reading(firing, quiet=usage - firing, evidence=evidence, appended=NOW, firing_age=HOUR, **changes)


def limit(came: Came) -> Sequence[Signal]:
    return judge(read(came, 1000), [rule(percent(80), percent(100))], {}).signals


def milestone(came: Came) -> Sequence[Signal]:
    return judge_milestones(read(came, 60, meter=PROJECTS, period=None, limit=None), [MILESTONE], {}).signals


def seat(watched: WatchRule, noun: str, members: int, **told: object) -> Callable[[Came], Sequence[Signal]]:
    def reached(came: Came) -> Sequence[Signal]:
        seats = SeatedAccount(watched, members=members)
        seats.late = came.late
        return (seats.backfilled if came.backfill else seats.event)(noun, **told)

    return reached


def walked(course: Course) -> Callable[[Came], Sequence[Signal]]:
    def reached(came: Came) -> Sequence[Signal]:
        walk = Walk(course)
        walk.goes_often(course.needed - 1)
        walk.late = came.late
        return walk.goes(backfill=came.backfill)

    return reached


KINDS_REACHED: dict[str, Callable[[Came], Sequence[Signal]]] = {
    "limit.reached": limit,
    "milestone.reached": milestone,
    "seat_limit.approached": seat(APPROACHED, "seat.activated", 4, member="eve"),
    "seat_limit.invited": seat(INVITED, "seat.invited", 5, invite="i-1", user="ada"),
    "seat_limit.last_taken": seat(LAST_TAKEN, "seat.activated", 4, member="eve"),
    **{
        next(kind.type for kind in KINDS.values() if kind.fires and kind.rule == course.signal): walked(course)
        for course in (*COURSES, GATE, CANCEL, INTEGRATION, ADMIN, PRODUCT)
    },
}

every_kind = pytest.mark.parametrize("kind", sorted(KINDS_REACHED))
every_way = pytest.mark.parametrize(
    ("came", "why"),
    [(LATE, "too_old_to_fire"), (IMPORTED, "backfill"), (BACKFILLED, "backfill")],
    ids=["a late event", "an import of days ago", "a backfill of now"],
)


def in_time(kind: str) -> Signal:
    (found,) = (each for each in KINDS_REACHED[kind](IN_TIME) if KINDS[each.type].fires)
    return found


def ruling(found: Signal) -> Ruling:
    candidate = candidate_in(found, "0:1")
    assert candidate is not None
    return decide(candidate, Decided(), ground(found.evidence.time))


def test_every_kind_that_an_event_finds_is_in_the_table() -> None:
    fire = {kind.type for kind in KINDS.values() if kind.fires and kind.family is not PQL}
    assert KINDS_REACHED.keys() == fire - OF_CLOSED_DAYS


@every_kind
def test_in_time_it_is_not_past(kind: str) -> None:
    found = in_time(kind)
    assert (found.type, "past" in found.data) == (kind, False)


@every_kind
@every_way
def test_it_is_found_once_as_past(kind: str, came: Came, why: str) -> None:
    assert [(found.type, found.data["past"]) for found in KINDS_REACHED[kind](came)] == [(kind, why)]


@every_kind
@every_way
def test_it_is_decided_as_already_past_for_that_reason(kind: str, came: Came, why: str) -> None:
    (found,) = KINDS_REACHED[kind](came)
    decision = ruling(found).decision
    assert decision is not None
    assert (decision.decision, decision.reason, why in decision.reasons) == ("already_past", why, True)


@every_kind
@every_way
def test_nothing_is_sent_and_no_key_is_taken(kind: str, came: Came, why: str) -> None:
    (found,) = KINDS_REACHED[kind](came)
    assert (found.data["past"], ruling(found).trigger, ruling(found).entries) == (why, None, {})


@every_kind
def test_its_decision_names_no_trigger_that_fires_in_time(kind: str) -> None:
    (told,), fires = KINDS_REACHED[kind](LATE), in_time(kind)
    decision = ruling(told).decision
    assert decision is not None
    assert decision.trigger not in (fires.id, *fires.keys)
