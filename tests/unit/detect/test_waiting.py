"""Thresholds of rules with a condition: what is reached while it is not true waits until it is.

level 700   nothing reached
level 850   80 % reached, the condition is not true: it waits
level 860   the condition is true: `limit.reached` 80
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expansion_signals.detect.limits import judge
from expansion_signals.model.thresholds import Arm, Guard
from expansion_signals.rules.conditions import read_condition
from sample_readings import Counter, crossed, every, fired, limit, percent, recovered, rule

if TYPE_CHECKING:
    from expansion_signals.model.readings import Cause
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.thresholds import Threshold
    from expansion_signals.rules.configuration import LimitRule


@dataclass
class Conditional(Counter):
    """A counter whose rules apply, or do not."""

    applies: bool = False

    def move(
        self, firing: int = 0, *, quiet: int = 0, cause: Cause = "usage", closed: bool = False
    ) -> tuple[Signal, ...]:
        waiting = () if self.applies else [each.id for each in self.rules]
        looked_at = self.reading(firing, quiet=quiet, cause=cause)
        self.last = judge(looked_at, self.rules, self.arms, silent=closed, waiting=waiting)
        self.level += quiet + firing
        self.arms, self.judged = self.last.arms, True
        self.last_limit = self.limit.amount if self.limit else None
        return self.last.signals


def quota(*at: Threshold, when: str = "account_age > 30") -> LimitRule:
    return replace(rule(*at), when=read_condition(when))


def waiting_at(level: int, *at: Threshold, when: str = "account_age > 30") -> Conditional:
    """Return a counter that came to this level while the condition of its rule was not true."""
    counter = Conditional([quota(*(at or (percent(80), percent(100))), when=when)])
    counter.to(level)
    return counter


def guard_of(counter: Conditional) -> Guard:
    assert counter.last is not None
    return counter.last.guard


def test_what_is_reached_while_the_condition_is_not_true_fires_nothing() -> None:
    assert Conditional([quota(percent(80))]).to(850) == ()


def test_it_fires_with_the_next_reading_at_which_the_condition_is_true() -> None:
    counter = waiting_at(850)
    counter.applies = True
    assert fired(counter.move(10)) == ["80"]


def test_it_fires_in_the_generation_in_which_it_was_reached() -> None:
    counter, at_once = waiting_at(850), Conditional([quota(percent(80), percent(100))], applies=True)
    counter.applies = True
    assert counter.move(10)[0].id == at_once.to(850)[0].id


def test_it_fires_once() -> None:
    counter = waiting_at(850)
    counter.applies = True
    counter.move(10)
    assert counter.move(10) == ()


def test_a_threshold_that_waits_and_one_newly_reached_are_one_signal() -> None:
    counter = waiting_at(850)
    counter.applies = True
    assert crossed(counter.to(1000)) == ["80", "100"]


def test_a_new_profile_is_a_reading_too() -> None:
    counter = waiting_at(850)
    counter.applies = True
    assert fired(counter.move()) == ["80"]


def test_backfill_does_not_fire_what_waits() -> None:
    counter = waiting_at(850)
    counter.applies = True
    assert (counter.move(quiet=10), fired(counter.move(1))) == ((), ["80"])


def test_what_backfill_passes_does_not_wait() -> None:
    counter = Conditional([quota(percent(80))])
    counter.move(quiet=850)
    counter.applies = True
    assert counter.move(1) == ()


def test_what_waits_and_is_left_again_fires_nothing() -> None:
    counter = waiting_at(850)
    counter.to(700)
    counter.applies = True
    assert (counter.move(1), counter.arm(percent(80))) == ((), Arm())


def test_what_fired_and_is_left_while_the_condition_is_not_true_is_armed_again_all_the_same() -> None:
    counter = Conditional([quota(percent(80))], applies=True)
    counter.to(850)
    counter.applies = False
    assert recovered(counter.to(700)) == ["80"]


def test_a_limit_that_grants_more_ends_the_waiting() -> None:
    counter = waiting_at(850)
    counter.limit, counter.applies = limit(2000), True
    assert (counter.move(), fired(counter.to(1600))) == ((), ["80"])


def test_steps_wait_and_the_highest_fires() -> None:
    counter = waiting_at(250, every(100))
    counter.applies = True
    assert fired(counter.move(70)) == ["300"]


def test_steps_that_wait_fire_without_a_new_one() -> None:
    counter = waiting_at(250, every(100))
    counter.applies = True
    assert fired(counter.move(1)) == ["200"]


def test_each_change_is_looked_at_while_something_waits_for_what_time_may_bring() -> None:
    assert all(guard_of(waiting_at(850)).passed(level) for level in (0, 849, 850, 851))


def test_what_waits_for_another_profile_costs_no_reading() -> None:
    assert guard_of(waiting_at(850, percent(80), when="plan = pro")) == Guard(None, None)


def test_a_threshold_above_is_reached_as_ever() -> None:
    assert guard_of(waiting_at(850, percent(80), percent(100), when="plan = pro")) == Guard(None, 1000)
