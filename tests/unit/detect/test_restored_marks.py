"""Marks from signals, row by row; signals are those that judging readings gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.detect.milestones import judge_milestones
from expansion_signals.detect.restored_marks import marks_after
from expansion_signals.model import readings
from expansion_signals.model.catalog import Meter
from expansion_signals.model.facts import Marks
from expansion_signals.model.thresholds import Arm, ArmKey
from expansion_signals.rules.configuration import MilestoneRule
from sample_readings import CALLS, NOVEMBER, NOW, Counter, every, limit, percent, reading, rule, usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expansion_signals.model.signals import Signal

METERS = {CALLS.key: CALLS}
QUOTA = rule(percent(80), percent(100))


def restored(signals: Iterable[Signal], meters: Mapping[str, object] = METERS) -> Marks:
    """Return the marks of the only counter that these signals tell of."""
    marks: Mapping[object, Marks] = {}
    for signal in signals:
        marks = marks_after(signal, marks, meters)
    (found,) = marks.values()
    return found


def arms_of(counter: Counter) -> dict[ArmKey, Arm]:
    """Return the arms of a counter as a rebuilt shard would hold them: each held, `NOW` being when all was appended."""
    return {key: replace(arm, held=NOW) for key, arm in counter.arms.items()}


def lived(counter: Counter, *levels: int) -> list[Signal]:
    """Return what a counter tells that goes through these levels, all of it appended at `NOW`."""
    return [signal for level in levels for signal in counter.to(level)]


def counter(*rules: object, **settings: object) -> Counter:
    return Counter(rules or (QUOTA,), appended=NOW, **settings)


def test_what_was_reached_has_fired() -> None:
    life = counter()
    assert restored(lived(life, 850, 1000)).arms == arms_of(life)


def test_all_that_one_signal_crossed_has_fired() -> None:
    assert len(restored(lived(counter(), 1000)).arms) == 2


def test_what_recovered_is_armed_in_its_next_generation_and_remembers_the_fall() -> None:
    life = counter(rule(percent(80)))
    assert restored(lived(life, 850, 100)).arms == arms_of(life)


def test_what_was_past_restores_nothing() -> None:
    (told,) = counter().move(quiet=850)
    assert marks_after(told, {}, METERS) == {}


def test_each_fall_counts() -> None:
    life = counter(rule(percent(80)))
    arms = restored(lived(life, 850, 100, 850, 100)).arms
    assert (arms, [len(arm.falls) for arm in arms.values()]) == (arms_of(life), [2])


def test_a_series_has_come_to_its_highest_step() -> None:
    life = counter(rule(every(100, after_percent=100)))
    assert restored(lived(life, 1100, 1350)).arms == arms_of(life)


def test_a_lower_step_told_once_more_takes_nothing_back() -> None:
    life = counter(rule(every(100, after_percent=100)))
    told = lived(life, 1100, 1350)
    assert restored([*told, told[0]]).arms == arms_of(life)


def test_records_that_stand_in_the_log_twice_change_nothing() -> None:
    told = lived(counter(rule(percent(80))), 850, 100, 850)
    assert restored([*told, *told]) == restored(told)


def test_the_limit_it_was_judged_under_is_kept() -> None:
    assert restored(lived(counter(), 850)).limit == 1000


def test_without_a_limit_none_is_kept() -> None:
    threshold = replace(percent(80), kind="usage")
    assert restored(lived(counter(rule(threshold), limit=limit(None)), 80)).limit is None


def test_a_stock_has_no_period() -> None:
    (signal,) = lived(counter(period=None), 850)
    assert [found.start for found in marks_after(signal, {}, METERS)] == [None]


def test_a_period_begins_where_the_signal_says() -> None:
    (signal,) = lived(counter(), 850)
    assert [found.start for found in marks_after(signal, {}, METERS)] == [NOVEMBER.start]


def test_a_meter_that_the_catalog_does_not_know_any_more_is_passed_over() -> None:
    (signal,) = lived(counter(), 850)
    assert marks_after(signal, {}, {}) == {}


def test_what_tells_of_no_threshold_is_passed_over() -> None:
    (signal,) = lived(counter(), 850)
    assert marks_after(replace(signal, type="account.changed"), {}, METERS) == {}


def test_amounts_are_scaled_by_the_precision_of_today() -> None:
    (signal,) = lived(counter(), 850)
    (found,) = marks_after(signal, {}, {CALLS.key: replace(CALLS, precision=2)}).values()
    assert found.limit == 100_000


# ------------------------------------------------------------------------------------ milestones

PROJECTS = Meter("projects", "com.acme.project.created", "count", "project", per="never")
FIRST_PROJECTS = MilestoneRule("first-projects", "9b1c", "projects", (usage(10), usage(50)))


def passed(level: int) -> Signal:
    whole_life = reading(level, meter=PROJECTS, period=None, limit=None, appended=NOW)
    (signal,) = judge_milestones(whole_life, [FIRST_PROJECTS], {}).signals
    return signal


def test_milestones_that_were_passed_have_fired_for_good_and_are_not_held() -> None:
    assert restored([passed(60)], {"projects": PROJECTS}).arms == {
        ArmKey("first-projects", "10"): Arm("fired"),
        ArmKey("first-projects", "50"): Arm("fired"),
    }


def test_a_milestone_leaves_the_limit_of_its_stock_as_it_was() -> None:
    life = readings.Counter("projects", "", None)
    marks = marks_after(passed(10), {life: Marks(20)}, {"projects": PROJECTS})
    assert marks[life].limit == 20
