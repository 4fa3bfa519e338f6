"""The re-arming table of semantics 3.4 and the edge cases of semantics 11, row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.limits import judge
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.thresholds import Arm
from sample_readings import (
    DECEMBER,
    NOW,
    Counter,
    crossed,
    every,
    fired,
    limit,
    past,
    percent,
    reading,
    recovered,
    remaining,
    rule,
    usage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.detect.limits import Judgement
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import LimitRule

QUOTA = rule(percent(80), percent(100))


def counter_at(level: int, *rules: object, **settings: object) -> Counter:
    counter = Counter(rules or (QUOTA,), **settings)
    counter.to(level)
    return counter


# Row 1: exactly 80 %, exactly 100 %


@pytest.mark.parametrize(("level", "expected"), [(799, []), (800, ["80"]), (801, ["80"])])
def test_80_percent_fires_at_exactly_80_percent(level: int, expected: list[str]) -> None:
    assert fired(Counter([QUOTA]).to(level)) == expected


@pytest.mark.parametrize(("level", "expected"), [(999, []), (1000, ["100"]), (1001, ["100"])])
def test_100_percent_fires_at_exactly_100_percent(level: int, expected: list[str]) -> None:
    assert fired(counter_at(800).to(level)) == expected


@pytest.mark.parametrize(("level", "expected"), [(2, []), (3, ["80"])])
def test_80_percent_of_three_is_reached_by_the_third(level: int, expected: list[str]) -> None:
    assert fired(Counter([rule(percent(80))], limit(3)).to(level)) == expected


@pytest.mark.parametrize(("level", "expected"), [(799, []), (800, ["200"]), (801, ["200"])])
def test_200_remaining_fires_at_exactly_200_remaining(level: int, expected: list[str]) -> None:
    assert fired(Counter([rule(remaining(200))]).to(level)) == expected


@pytest.mark.parametrize(("level", "expected"), [(499, []), (500, ["500"]), (501, ["500"])])
def test_an_absolute_threshold_needs_no_limit(level: int, expected: list[str]) -> None:
    assert fired(Counter([rule(usage(500))], None).to(level)) == expected


@pytest.mark.parametrize(("level", "expected"), [(1199, []), (1200, ["120"])])
def test_a_percentage_above_100_is_allowed(level: int, expected: list[str]) -> None:
    assert fired(Counter([rule(percent(120))]).to(level)) == expected


def test_a_threshold_fires_once_however_often_it_is_looked_at() -> None:
    assert fired(counter_at(800).move(1)) == []


# Row 2: new period


def test_a_new_period_fires_at_its_first_reading_though_above_the_old_periods_last() -> None:
    counter = counter_at(850)
    december = Counter(counter.rules, period=DECEMBER)
    assert fired(december.to(counter.level + 50)) == ["80"]


def test_a_new_period_has_other_ids_for_the_same_threshold() -> None:
    november, december = Counter([QUOTA]).to(800), Counter([QUOTA], period=DECEMBER).to(800)
    assert november[0].id != december[0].id


# Row 3: limit raised, lowered


def test_a_raised_limit_fires_nothing() -> None:
    counter = counter_at(850)
    counter.limit = limit(2000)
    assert counter.move() == ()


@pytest.mark.parametrize(("level", "expected"), [(1599, []), (1600, ["80"])])
def test_a_raised_limit_arms_what_is_now_above_the_level(level: int, expected: list[str]) -> None:
    counter = counter_at(850)
    counter.limit = limit(2000)
    counter.move()
    assert fired(counter.to(level)) == expected


def test_a_raised_limit_raises_the_generation_of_what_had_fired() -> None:
    counter = counter_at(850)
    counter.limit = limit(2000)
    counter.move()
    assert (counter.arm(percent(80)), counter.arm(percent(100))) == (Arm(generation=2), Arm())


def test_a_raised_limit_leaves_fired_what_is_still_below_the_level() -> None:
    counter = counter_at(950)
    counter.limit = limit(1100)
    counter.move()
    assert counter.arm(percent(80)) == Arm("fired")


def test_limit_changes_raise_generations_without_bound() -> None:
    counter = counter_at(850)
    for amount in (2000, 1000, 2000, 1000, 2000, 1000):
        counter.limit = limit(amount)
        counter.move()
    assert counter.arm(percent(80)) == Arm("fired", generation=4)


@pytest.mark.parametrize(("amount", "expected"), [(938, []), (937, ["80"]), (700, ["100"])])
def test_a_lowered_limit_fires_what_the_level_is_now_at_or_above(amount: int, expected: list[str]) -> None:
    counter = counter_at(750)
    counter.limit = limit(amount)
    assert fired(counter.move()) == expected


def test_a_lowered_limit_is_the_cause_of_what_it_fires() -> None:
    counter = counter_at(750)
    counter.limit = limit(900)
    assert counter.move()[0].data["cause"] == "limit_changed"


def test_usage_is_the_cause_where_it_crossed_after_the_limit_changed() -> None:
    counter = counter_at(700)
    counter.limit = limit(900)
    assert counter.move(30)[0].data["cause"] == "usage"


def test_a_limit_changed_and_changed_back_fires_again_under_another_id() -> None:
    counter = Counter([QUOTA])
    first = counter.to(850)
    for amount in (2000, 1000):
        counter.limit = limit(amount)
        last = counter.move()
    assert (fired(last), first[0].id != last[0].id) == (["80"], True)


def test_the_same_limit_again_changes_nothing() -> None:
    counter = counter_at(850)
    before = counter.arms
    assert (counter.move(), counter.arms) == ((), before)


# Row 9: falling


@pytest.mark.parametrize(("level", "expected"), [(749, ["80"]), (750, []), (751, [])])
def test_a_fall_under_the_lower_edge_recovers(level: int, expected: list[str]) -> None:
    assert recovered(counter_at(800).to(level)) == expected


def test_a_fall_arms_a_new_generation() -> None:
    counter = counter_at(800)
    counter.to(700)
    assert counter.arm(percent(80)) == Arm(generation=2, falls=(counter.at,))


def test_what_a_fall_armed_fires_again_under_another_id() -> None:
    counter = Counter([QUOTA])
    first = counter.to(800)
    counter.to(0)
    assert first[0].id != counter.to(800)[0].id


def test_usage_from_105_to_85_percent_never_says_80_percent_reached() -> None:
    assert fired(counter_at(1050).to(850)) == []


def test_usage_back_to_nothing_arms_even_the_lowest_threshold() -> None:
    low = rule(percent(3))
    counter = counter_at(30, low)
    assert recovered(counter.to(0)) == ["3"]


def test_flapping_between_79_and_81_percent_is_silent() -> None:
    counter = counter_at(810)
    assert [counter.to(level) for level in (790, 810, 790, 810)] == [(), (), (), ()]


def test_a_fall_and_a_rise_in_one_reading_count_only_by_where_they_end() -> None:
    assert counter_at(810).move(300, quiet=-300) == ()


@pytest.mark.parametrize(("level", "expected"), [(475, []), (474, ["500"])])
def test_without_a_limit_hysteresis_is_of_the_threshold(level: int, expected: list[str]) -> None:
    assert recovered(counter_at(500, rule(usage(500)), limit=None).to(level)) == expected


def test_falls_raise_the_generation_to_three_at_most_in_a_period() -> None:
    counter = Counter([QUOTA])
    assert [fired(counter.to(level)) for level in (800, 0, 800, 0, 800, 0, 800)] == [
        ["80"], [], ["80"], [], ["80"], [], [],
    ]  # fmt: skip


def test_a_limit_change_is_not_bounded_by_the_falls_before_it() -> None:
    counter = Counter([QUOTA])
    for level in (800, 0, 800, 0, 800):
        counter.to(level)
    counter.limit = limit(2000)
    counter.move()
    assert fired(counter.to(1600)) == ["80"]


def test_a_stock_is_armed_again_when_its_falls_are_30_days_old() -> None:
    counter = Counter([QUOTA], period=None)
    for level in (800, 0, 800, 0, 800, 0):
        counter.to(level)
    counter.at += 30 * DAY
    assert fired(counter.to(800)) == ["80"]


def test_a_stock_is_not_armed_again_before_its_falls_are_30_days_old() -> None:
    counter = Counter([QUOTA], period=None)
    for level in (800, 0, 800, 0, 800, 0):
        counter.to(level)
    counter.at += 30 * DAY - 1
    assert fired(counter.to(800)) == []


# Row 10: several thresholds at once, tiny recurring steps


def test_one_event_over_several_thresholds_fires_the_highest() -> None:
    assert fired(Counter([QUOTA]).to(1000)) == ["100"]


def test_one_event_over_several_thresholds_lists_all_of_them_ascending() -> None:
    signals = Counter([rule(percent(100), usage(900), remaining(950), percent(80))]).to(1000)
    assert crossed(signals) == ["950", "80", "900", "100"]


def test_two_rules_fire_one_trigger_each() -> None:
    rules = [rule(percent(80)), rule(percent(100), rule_id="hard-stop")]
    assert fired(Counter(rules).to(1000)) == ["80", "100"]


@pytest.mark.parametrize(("level", "expected"), [(1999, []), (2000, ["2000"]), (2999, ["2000"]), (3000, ["3000"])])
def test_the_first_step_stands_one_whole_step_above_its_base(level: int, expected: list[str]) -> None:
    assert fired(Counter([rule(every(1000, after_percent=100))]).to(level)) == expected


def test_a_tiny_step_fires_its_highest_never_a_list() -> None:
    assert crossed(Counter([rule(every(1))]).to(5000)) == ["5000"]


def test_a_step_fires_again_only_at_the_next() -> None:
    counter = Counter([rule(every(100))])
    assert [fired(counter.to(level)) for level in (250, 299, 300)] == [["200"], [], ["300"]]


def test_a_step_is_never_armed_by_a_fall() -> None:
    counter = Counter([rule(every(100))])
    assert [fired(counter.to(level)) for level in (250, 0, 250, 300)] == [["200"], [], [], ["300"]]


def test_steps_below_the_level_stay_fired_when_their_base_rises() -> None:
    counter = Counter([rule(every(1000, after_percent=100))])
    counter.to(3500)
    counter.limit = limit(1500)
    assert fired(counter.move()) == []


def test_a_fired_step_that_a_raised_limit_puts_above_the_level_fires_under_another_id() -> None:
    counter = Counter([rule(every(1000, after_percent=100))])
    first = counter.to(5000)
    counter.to(3500)
    counter.limit = limit(2000)
    counter.move()
    again = counter.to(5000)
    assert (fired(again), again[0].id != first[0].id) == (["5000"], True)


def test_a_step_newly_below_the_level_fires_when_the_limit_is_lowered() -> None:
    counter = Counter([rule(every(1000, after_percent=100))])
    counter.to(1900)
    counter.limit = limit(500)
    assert fired(counter.move()) == ["1500"]


# Row 11: limit zero, absent, unlimited, granted later


@pytest.mark.parametrize(("level", "expected"), [(0, []), (1, ["100"])])
def test_of_a_limit_of_zero_any_positive_usage_reaches_100_percent_and_no_other(
    level: int, expected: list[str]
) -> None:
    assert fired(Counter([rule(percent(80), percent(100), percent(120))], limit(0)).to(level)) == expected


def test_of_a_limit_of_zero_utilization_is_null() -> None:
    assert Counter([QUOTA], limit(0)).to(1)[0].data["utilization"] is None


@pytest.mark.parametrize("nothing", [None, limit(None)])
def test_without_a_limit_no_percentage_and_nothing_remaining_exists(nothing: object) -> None:
    assert Counter([rule(percent(80), remaining(5), every(10, after_percent=100))], nothing).to(10**6) == ()


@pytest.mark.parametrize("before", [None, limit(None)])
def test_a_limit_granted_later_fires_what_is_already_reached(before: object) -> None:
    counter = counter_at(850, limit=before)
    counter.limit = limit(1000)
    assert fired(counter.move()) == ["80"]


def test_an_unlimited_plan_in_between_arms_a_new_generation() -> None:
    counter = counter_at(850)
    counter.limit = limit(None)
    counter.move()
    counter.limit = limit(1000)
    counter.move()
    assert counter.arm(percent(80)) == Arm("fired", generation=2)


def test_a_limit_that_is_unknown_for_a_while_fires_nothing_twice() -> None:
    counter = counter_at(850)
    counter.limit = None
    counter.move()
    counter.limit = limit(1000)
    assert counter.move() == ()


# Row 17: rules edited in the middle of a period


def test_a_threshold_added_below_the_level_is_already_past() -> None:
    counter = counter_at(850)
    counter.rules = [rule(percent(50), percent(80))]
    signals = counter.move(1)
    assert (fired(signals), counter.arm(percent(50))) == ([], Arm("already_past"))


def test_a_threshold_added_below_the_level_is_told_as_past() -> None:
    counter = counter_at(850)
    counter.rules = [rule(percent(50), percent(80))]
    (signal,) = counter.move(1)
    assert (past([signal]), signal.data["cause"]) == ([("rule_added", ["50"])], "rule_added")


def test_a_threshold_added_below_the_level_fires_if_the_rule_says_so() -> None:
    counter = counter_at(850)
    counter.rules = [rule(percent(50), percent(80), fire_when_added=True)]
    signals = counter.move(1)
    assert (fired(signals), signals[0].data["cause"]) == (["50"], "rule_added")


def test_a_threshold_added_above_the_level_fires_when_it_is_reached() -> None:
    counter = counter_at(850)
    counter.rules = [rule(percent(90))]
    counter.move(1)
    assert fired(counter.to(900)) == ["90"]


def test_a_step_added_below_the_level_is_already_past_and_the_next_fires() -> None:
    counter = counter_at(850)
    counter.rules = [rule(every(100))]
    assert [fired(counter.to(level)) for level in (851, 899, 900)] == [[], [], ["900"]]


def test_of_a_series_added_below_the_level_the_highest_step_is_told_as_past() -> None:
    counter = counter_at(850)
    counter.rules = [rule(every(100))]
    assert [past(counter.to(level)) for level in (851, 899)] == [[("rule_added", ["800"])], []]


def test_a_rule_for_a_counter_that_no_rule_looked_at_finds_its_level_already_past() -> None:
    counter = Counter([QUOTA], level=850)
    assert past(counter.move(cause="rule_added")) == [("rule_added", ["80"])]


def test_a_threshold_taken_out_and_put_back_stays_fired() -> None:
    counter = counter_at(850)
    for rules in ([rule(percent(100))], [QUOTA]):
        counter.rules = rules
        signals = counter.move(1)
    assert signals == ()


def test_the_same_threshold_twice_in_a_rule_is_one() -> None:
    assert crossed(Counter([rule(percent(80), percent("80.0"))]).to(800)) == ["80"]


def test_what_was_already_past_is_armed_by_a_fall_without_a_recovery() -> None:
    counter = Counter([QUOTA])
    counter.move(quiet=850)
    assert (counter.to(0), counter.arm(percent(80)).generation) == ((), 2)


# The quiet part, history, closed periods


def test_what_the_quiet_part_passes_is_already_past() -> None:
    counter = Counter([QUOTA])
    signals = counter.move(quiet=800)
    assert (fired(signals), counter.arm(percent(80))) == ([], Arm("already_past"))


PROMPT, PATIENT = rule(percent(80), rule_id="prompt"), replace(rule(percent(80), rule_id="patient"), max_firing_age=DAY)


def ids(signals: Sequence[Signal]) -> list[str]:
    return [signal.data["rule"]["id"] for signal in signals if "past" not in signal.data]


def judged_late(by: int, *rules: LimitRule, **changes: object) -> Judgement:
    """Judge the first reading, of 800, whose evidence was appended so long after it happened."""
    longest = max(rule.max_firing_age for rule in rules)
    return judge(reading(800, appended=NOW + by, firing_age=longest, **changes), rules, {})


@pytest.mark.parametrize(("late", "expected"), [(HOUR, ["prompt", "patient"]), (HOUR + 1, ["patient"])])
def test_a_rule_with_a_shorter_age_than_others_of_its_meter_fires_nothing_that_is_older(
    late: int, expected: list[str]
) -> None:
    assert ids(judged_late(late, PROMPT, PATIENT).signals) == expected


def test_what_is_too_old_for_one_rule_is_already_past_for_it() -> None:
    arms = judged_late(2 * HOUR, PROMPT, PATIENT).arms
    assert {key.rule: arm.state for key, arm in arms.items()} == {"prompt": "already_past", "patient": "fired"}


def test_what_is_too_old_for_one_rule_is_told_as_past_for_it_alone() -> None:
    assert past(judged_late(2 * HOUR, PROMPT, PATIENT).signals) == [("too_old_to_fire", ["80"])]


def test_what_the_split_let_fire_is_not_too_old_for_the_rule_it_was_split_by() -> None:
    assert ids(judged_late(2 * DAY, PATIENT).signals) == ["patient"]


def test_a_profile_that_arrives_is_not_too_old_for_any_rule() -> None:
    assert ids(judged_late(2 * HOUR, PROMPT, PATIENT, cause="profile_arrived").signals) == ["prompt", "patient"]


def test_what_the_firing_part_passes_after_a_quiet_one_fires() -> None:
    assert crossed(Counter([QUOTA]).move(200, quiet=800)) == ["100"]


def test_a_quiet_step_does_not_hide_the_next() -> None:
    counter = Counter([rule(every(100))])
    assert (fired(counter.move(quiet=250)), fired(counter.to(300))) == ([], ["300"])


def test_a_quiet_step_does_not_hide_one_that_history_had_reached() -> None:
    counter = Counter([rule(every(100))], level=150)
    signals = counter.move(quiet=100, cause="profile_arrived")
    assert (fired(signals), past(signals)) == (["100"], [("backfill", ["200"])])


def test_history_from_before_the_profile_fires_with_the_cause_of_the_reading() -> None:
    signals = Counter([QUOTA], level=850).move(cause="profile_arrived")
    assert (fired(signals), signals[0].data["cause"]) == (["80"], "profile_arrived")


def test_a_correction_of_a_closed_period_fires_nothing_and_leaves_the_arms() -> None:
    counter = counter_at(700)
    assert (counter.move(300, closed=True), counter.arms) == ((), {})
