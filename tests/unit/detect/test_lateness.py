"""Why what was reached is past, and how it is told (semantics 3.4, 3.8, 7.2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from expansion_signals.detect.lateness import past_because, told_past
from expansion_signals.detect.limits import judge
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.thresholds import Arm
from sample_readings import NOW, Counter, every, fired, limit, past, percent, reading, rule
from sample_signals import gated, signal

IN_TIME, LATE = Evidence("e-1", "/apps/web", NOW), Evidence("e-1", "/apps/web", NOW - HOUR - 1)
IMPORTED = Evidence("e-1", "/apps/web", NOW - 9 * DAY, backfill=True)
QUOTA = rule(percent(80), percent(100))


# ------------------------------------------------------------------------------------ why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quiet": 850, "evidence": LATE}, "too_old_to_fire"),
        ({"quiet": 850, "evidence": LATE._replace(time=NOW - HOUR)}, "backfill"),
        ({"quiet": 850, "evidence": IN_TIME._replace(backfill=True)}, "backfill"),
        ({"quiet": 850, "evidence": IMPORTED}, "backfill"),
        ({"quiet": 850, "evidence": IN_TIME}, "backfill"),
        ({"quiet": 850, "evidence": LATE, "cause": "profile_arrived"}, "backfill"),
        ({"before": 850, "evidence": IN_TIME, "judged": True}, "rule_added"),
        ({"before": 850, "evidence": IN_TIME, "cause": "rule_added"}, "rule_added"),
        ({"before": 850, "evidence": LATE, "judged": True}, "rule_added"),
        ({"before": 850, "evidence": IMPORTED, "judged": True}, "rule_added"),
        ({"before": 850, "evidence": IN_TIME, "cause": "profile_arrived"}, "backfill"),
    ],
    ids=[
        "a late event",
        "hidden by evidence that is not late yet",
        "a backfill of now",
        "a backfill of days ago",
        "a baseline in a later profile",
        "a baseline, or hours, in an old first profile",
        "a threshold added",
        "a rule where none had looked",
        "a threshold added, told by a late event",
        "a threshold added, told by a backfill",
        "what stood there when the profile came",
    ],
)
def test_why_it_is_past(changes: dict[str, object], why: str) -> None:
    assert past_because(reading(0, appended=NOW, **changes), 800, HOUR) == why


def test_it_is_too_old_by_the_age_of_its_rule() -> None:
    late = reading(850, evidence=LATE, appended=NOW)
    assert [past_because(late, 800, age) for age in (HOUR, 2 * HOUR)] == ["too_old_to_fire", "backfill"]


# ------------------------------------------------------------------------------------ how


def test_it_says_why_and_all_that_it_would_have_said() -> None:
    (told,) = told_past(signal("80", "100"), "backfill")
    assert told.data == {**signal("80", "100").data, "past": "backfill"}


def test_thresholds_keep_their_keys() -> None:
    (told,) = told_past(signal("80", "100"), "backfill")
    assert told.keys == signal("80", "100").keys


def test_its_id_is_none_that_anything_else_has() -> None:
    (told,) = told_past(signal("80", "100"), "backfill")
    assert told.id not in (signal("80", "100").id, *told.keys)


def test_a_threshold_is_past_under_one_id_whatever_event_led_there() -> None:
    crossed = signal("80")
    (first,), (again,) = (
        told_past(replace(crossed, evidence=each), "backfill") for each in (crossed.evidence, IMPORTED)
    )
    assert first.id == again.id


def test_what_one_event_finds_is_past_under_an_id_of_that_event() -> None:
    found = gated()
    other = found.evidence._replace(id="e-2")
    (first,), (again,) = (told_past(replace(found, evidence=each), "backfill") for each in (found.evidence, other))
    assert (first.id != again.id, [each.keys for each in (first, again)]) == (True, [(first.id,), (again.id,)])


def test_a_rule_that_is_tried_out_tells_nothing_that_is_past() -> None:
    assert list(told_past(replace(signal("80"), shadow=True), "backfill")) == []


def test_it_turns_no_arm() -> None:
    counter = Counter([QUOTA], backfill=True)
    (told,) = counter.move(quiet=850)
    assert told.arms == ()


# ------------------------------------------------------------------------------------ one for a rule and a reason


def test_a_rule_tells_all_that_is_past_for_one_reason_in_one_signal_ascending() -> None:
    counter = Counter([rule(percent(100), percent(50), percent(80))], backfill=True)
    assert past(counter.move(quiet=1000)) == [("backfill", ["50", "80", "100"])]


def test_a_rule_tells_each_reason_apart() -> None:
    counter = Counter([rule(percent(100))], backfill=True)
    counter.to(700)
    counter.rules = [rule(percent(100), percent(80), percent(60), percent(50))]
    assert past(counter.move(quiet=150)) == [("rule_added", ["50", "60"]), ("backfill", ["80"])]


def test_what_fires_beside_it_is_a_signal_of_its_own() -> None:
    signals = Counter([QUOTA], backfill=True).move(200, quiet=800)
    assert (past(signals), fired(signals)) == ([("backfill", ["80"])], ["100"])


def test_two_rules_tell_it_each_for_itself() -> None:
    counter = Counter([QUOTA, rule(percent(80), rule_id="other")], backfill=True)
    assert past(counter.move(quiet=850)) == [("backfill", ["80"]), ("backfill", ["80"])]


def test_it_is_told_once() -> None:
    counter = Counter([QUOTA], backfill=True)
    assert [past(counter.move(quiet=by)) for by in (850, 10, -30, 30)] == [[("backfill", ["80"])], [], [], []]


def test_an_import_of_many_events_tells_each_threshold_once() -> None:
    counter = Counter([QUOTA], backfill=True)
    told = [each for _ in range(150) for each in past(counter.move(quiet=10))]
    assert told == [("backfill", ["80"]), ("backfill", ["100"])]


def test_an_import_that_falls_and_rises_tells_it_as_often_as_falls_arm_it() -> None:
    counter = Counter([QUOTA], backfill=True)
    told = [past(counter.move(quiet=by)) for by in (850, -850) * 5]
    assert sum(map(len, told)) == 3


def test_of_a_series_the_highest_step_alone_is_told() -> None:
    counter = Counter([rule(every(100))], backfill=True)
    assert [past(counter.move(quiet=by)) for by in (250, 40, 60)] == [
        [("backfill", ["200"])],
        [],
        [("backfill", ["300"])],
    ]


def test_a_rule_whose_condition_is_not_true_tells_it_all_the_same() -> None:
    quiet = reading(0, quiet=850, evidence=IMPORTED, appended=NOW)
    assert past(judge(quiet, [QUOTA], {}, waiting=[QUOTA.id]).signals) == [("backfill", ["80"])]


def test_a_period_that_is_over_tells_nothing() -> None:
    assert Counter([QUOTA], backfill=True).move(quiet=850, closed=True) == ()


# ------------------------------------------------------------------------------------ and then it is reached


def test_a_fall_arms_it_and_the_next_crossing_fires() -> None:
    counter = Counter([QUOTA], backfill=True)
    counter.move(quiet=850)
    assert (fired(counter.to(0)), fired(counter.to(850))) == ([], ["80"])


def test_a_raised_limit_arms_it_in_the_same_generation_and_it_fires_under_the_key_it_had() -> None:
    counter = Counter([QUOTA], backfill=True)
    (told,) = counter.move(quiet=850)
    counter.limit = limit(2000)
    counter.move()
    assert counter.arm(percent(80)) == Arm()
    (fires,) = counter.to(1600)
    assert (fired([fires]), fires.keys, fires.id) == (["80"], told.keys, fires.keys[0])
