from __future__ import annotations

import pytest

from expansion_signals.model.thresholds import Guard
from sample_readings import Counter, every, limit, percent, rule, usage

QUOTA = rule(percent(80), percent(100))


@pytest.mark.parametrize(
    ("level", "guard"),
    [
        (0, Guard(None, 800)),
        (799, Guard(None, 800)),
        (800, Guard(750, 1000)),
        (1000, Guard(950, None)),
    ],
)
def test_the_guard_reaches_from_the_highest_edge_below_to_the_next_threshold_above(level: int, guard: Guard) -> None:
    counter = Counter([QUOTA])
    counter.to(level)
    assert counter.last.guard == guard


def test_a_counter_without_rules_needs_no_judgement() -> None:
    counter = Counter([])
    counter.to(10)
    assert counter.last.guard == Guard(None, None)


def test_a_step_guards_upwards_only() -> None:
    counter = Counter([rule(every(100))])
    counter.to(250)
    assert counter.last.guard == Guard(None, 300)


def test_a_step_that_a_fall_left_behind_is_not_waited_for() -> None:
    counter = Counter([rule(every(100))])
    counter.to(250)
    counter.to(10)
    assert counter.last.guard == Guard(None, 300)


def test_a_threshold_that_no_counter_can_hold_is_not_waited_for() -> None:
    counter = Counter([rule(usage(10**19))], limit(None))
    counter.to(1)
    assert counter.last.guard == Guard(None, None)


def test_what_falls_may_arm_no_more_in_this_period_is_not_waited_for() -> None:
    counter = Counter([rule(percent(80))])
    for level in (800, 0, 800, 0, 800):
        counter.to(level)
    assert counter.last.guard == Guard(None, None)


def test_a_stock_whose_falls_may_grow_old_is_looked_at_whenever_it_moves() -> None:
    counter = Counter([rule(percent(80))], period=None)
    for level in (800, 0, 800, 0, 800, 10):
        counter.to(level)
    assert counter.last.guard == Guard(10, 11)
