"""What holds for every signal that counts in a window: its number, its window, its cooldown, and who may fire it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evidence_courses import COURSES, START, Course, Walk
from expansion_signals.detect.evidence_watches import EVIDENCE_WATCHES
from expansion_signals.detect.wanted import DEFAULTS
from expansion_signals.model.instants import DAY, HOUR, SECOND
from expansion_signals.model.kinds import KINDS
from expansion_signals.rules.unjudged import WATCHED
from watched_account import fired, past

MIDNIGHT = START - START % DAY

every_course = pytest.mark.parametrize("course", COURSES, ids=lambda course: course.signal)


def test_every_signal_that_is_watched_here_is_judged() -> None:
    assert {signal for watch in EVIDENCE_WATCHES for signal in watch.signals} <= WATCHED


def test_every_signal_with_a_default_is_a_kind() -> None:
    assert DEFAULTS.keys() <= {kind.rule for kind in KINDS.values()}


@every_course
def test_one_below_the_number_fires_nothing(course: Course) -> None:
    assert Walk(course).goes_often(course.needed - 1) == []


@every_course
def test_the_number_itself_fires(course: Course) -> None:
    walk = Walk(course)
    walk.goes_often(course.needed - 1)
    (found,) = walk.goes()
    assert KINDS[found.type].rule == course.signal


@every_course
def test_above_the_number_it_is_silent(course: Course) -> None:
    walk = Walk(course)
    walk.goes_often(course.needed)
    assert walk.goes_often(2) == []


@every_course
@pytest.mark.parametrize(("before", "fires"), [(0, True), (1, False)], ids=["inside", "outside"])
def test_a_window_begins_at_midnight(course: Course, before: int, *, fires: bool) -> None:
    walk = Walk(course)
    walk.goes(MIDNIGHT - (course.days - 1) * DAY - before - START)
    walk.goes_often(course.needed - 2)
    assert bool(walk.goes()) == fires


@every_course
@pytest.mark.parametrize(("before", "fires"), [(0, True), (1, False)], ids=["inside", "outside"])
def test_a_window_below_48_hours_is_of_hours(course: Course, before: int, *, fires: bool) -> None:
    walk = Walk(course, within=24 * HOUR)
    walk.goes(-23 * HOUR - before)
    walk.goes_often(course.needed - 2)
    assert bool(walk.goes()) == fires


@every_course
@pytest.mark.parametrize(("early", "fires"), [(1, False), (0, True)], ids=["within it", "after it"])
def test_it_fires_again_when_its_cooldown_is_over(course: Course, early: int, *, fires: bool) -> None:
    walk = Walk(course)
    walk.goes_often(course.needed)
    walk.goes_often(course.needed, 30 * DAY - HOUR)
    assert bool(walk.goes(30 * DAY - early)) == fires


@every_course
def test_it_fires_again_under_another_id(course: Course) -> None:
    walk = Walk(course)
    first, second = walk.goes_often(course.needed) + walk.goes_often(course.needed, 40 * DAY)
    assert first.id != second.id


@every_course
@pytest.mark.parametrize("options", [{"attempts": 1}, {"cooldown": SECOND}], ids=["attempts", "cooldown"])
def test_a_rules_own_numbers_stand_above_the_defaults(course: Course, options: dict[str, Any]) -> None:
    walk = Walk(course, **options)
    found = [signal for times in range(course.needed + 1) for signal in walk.goes(times * SECOND)]
    assert len(found) == (1 if "attempts" in options else 2)


@every_course
@pytest.mark.parametrize(("late", "fires"), [(HOUR, True), (HOUR + 1, False)], ids=["an hour", "more than an hour"])
def test_what_comes_more_than_an_hour_late_fires_nothing(course: Course, late: int, *, fires: bool) -> None:
    walk = Walk(course)
    walk.goes_often(course.needed - 1)
    walk.late = late
    assert bool(fired(walk.goes())) == fires


@every_course
def test_what_comes_late_is_counted(course: Course) -> None:
    walk = Walk(course)
    walk.late = 2 * HOUR
    walk.goes_often(course.needed - 1)
    walk.late = 0
    assert walk.goes()


@every_course
def test_what_backfill_reaches_is_already_past(course: Course) -> None:
    walk = Walk(course)
    walk.goes_often(course.needed - 1)
    told = walk.goes(backfill=True)
    assert (past(told), fired(told), walk.goes()) == (["backfill"], [], [])


@every_course
def test_what_a_late_event_reaches_is_already_past(course: Course) -> None:
    walk = Walk(course)
    walk.goes_often(course.needed - 1)
    walk.late = 2 * HOUR
    late = walk.goes()
    walk.late = 0
    assert (past(late), fired(late), walk.goes()) == (["too_old_to_fire"], [], [])


@every_course
def test_what_was_past_leaves_its_id_to_what_fires_next(course: Course) -> None:
    walk = Walk(course)
    walk.goes_often(course.needed - 1)
    (told,) = walk.goes(backfill=True)
    (fires,) = walk.goes_often(course.needed, 40 * DAY)
    assert (fires.id, fires.id != told.id) == (Walk(course).goes_often(course.needed)[0].id, True)


@every_course
def test_a_shadow_rule_tells_nothing_that_is_past(course: Course) -> None:
    walk = Walk(course, shadow=True)
    walk.goes_often(course.needed - 1)
    assert walk.goes(backfill=True) == []


@every_course
def test_an_account_not_yet_known_is_counted_and_fires_nothing(course: Course) -> None:
    walk = Walk(course)
    profile, walk.profile = walk.profile, None
    unknown = walk.goes_often(course.needed)
    walk.profile = profile
    assert (unknown, len(walk.goes())) == ([], 1)


@every_course
def test_a_shadow_rule_says_so(course: Course) -> None:
    assert [signal.shadow for signal in Walk(course, shadow=True).goes_often(course.needed)] == [True]


@every_course
def test_it_is_decided_on_by_its_id(course: Course) -> None:
    (found,) = Walk(course).goes_often(course.needed)
    assert found.keys == (found.id,)


@every_course
def test_a_note_stays_small(course: Course) -> None:
    walk = Walk(course)
    for _ in range(800):
        walk.goes()
    assert max(len(text) for text in walk.texts.values()) < 30_000


CONTENTS: dict[str, dict[str, Any]] = {
    "interest_grown": {
        "product": "analytics",
        "events": 3,
        "users": 2,
        "window": "14d",
        "why": "The product analytics was looked at 3 times in 14 days",
    },
    "workflow_gap_found": {
        "events": 5,
        "users": 2,
        "window": "14d",
        "destinations": ["excel"],
        "why": "5 exports to excel in 14 days",
    },
    "sharing_grown": {
        "events": 5,
        "users": 2,
        "window": "14d",
        "why": "Content was shared 5 times with people outside in 14 days",
    },
    "team_grown": {
        "events": 3,
        "previous": 0,
        "users": 2,
        "window": "7d",
        "why": "3 people were invited in 7 days, 0 in the 7 days before",
    },
    "network_added": {
        "count": 3,
        "networks": ["n-1", "n-2", "n-3"],
        "window": "7d",
        "why": "3 networks in use within 7 days",
    },
    "region_added": {
        "count": 2,
        "values": [{"kind": "region", "value": "r-2"}, {"kind": "region", "value": "r-3"}],
        "window": "30d",
        "why": "2 new values within 30 days: region r-2, region r-3",
    },
    "use_case_added": {
        "count": 2,
        "features": ["f-2", "f-3"],
        "window": "14d",
        "why": "2 features used for the first time within 14 days: f-2, f-3",
    },
    "support_pattern_found": {
        "events": 2,
        "features": ["audit_log", "sso"],
        "window": "30d",
        "why": "2 support tickets about audit_log, sso in 30 days; a higher plan includes it",
    },
}


@every_course
def test_a_signal_says_what_it_is_about(course: Course) -> None:
    (found,) = Walk(course).goes_often(course.needed)
    common = {
        "rule": {"id": "rule", "version": "v1"},
        "family": "trend",
        "plan": "free",
        "user": found.evidence.user,
        "session": None,
        "account": {"version": 1, "plan": "free"},
    }
    assert found.data == common | CONTENTS[course.signal]


@pytest.mark.parametrize("course", COURSES[:4], ids=lambda course: course.signal)
def test_a_rule_that_names_users_asks_for_users(course: Course) -> None:
    walk = Walk(course, users=2)
    assert [len(walk.goes()) for _ in range(course.needed)] == [0, 1, *[0] * (course.needed - 2)]


def test_two_rules_of_one_signal_fire_each_for_itself() -> None:
    course = COURSES[0]
    walk = Walk(course)
    walk.rules = [*walk.rules, replace(walk.rules[0], id="other", attempts=2)]
    assert [signal.data["rule"]["id"] for signal in walk.goes_often(3)] == ["other", "rule"]
