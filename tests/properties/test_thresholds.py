from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st

from expansion_signals.model.instants import DAY
from sample_readings import DECEMBER, NOVEMBER, Counter, every, limit, percent, remaining, rule, usage

if TYPE_CHECKING:
    from expansion_signals.model.thresholds import Threshold

THRESHOLDS = st.one_of(
    st.builds(percent, st.integers(1, 250)),
    st.builds(usage, st.integers(1, 300)),
    st.builds(remaining, st.integers(0, 150)),
    st.builds(every, st.integers(1, 50)),
    st.builds(lambda step, base: every(step, after_usage=base), st.integers(1, 50), st.integers(0, 100)),
    st.builds(lambda step, base: every(step, after_percent=base), st.integers(1, 50), st.integers(1, 200)),
)
RULES = st.builds(
    lambda at, added: [rule(*at, fire_when_added=added)],
    st.lists(THRESHOLDS, min_size=1, max_size=5),
    st.booleans(),
)
LIMITS = st.one_of(st.none(), st.builds(limit, st.one_of(st.none(), st.integers(0, 200))))
PERIODS = st.sampled_from([NOVEMBER, DECEMBER, None])


def covered(counter: Counter, movements: list[int]) -> tuple[list[str], dict[str, int]]:
    """Return the keys of plain thresholds in the order they were reached, and the highest step of each series."""
    keys = [key for movement in movements for signal in counter.move(movement) for key in signal.keys]
    steps = [key.split(":") for key in keys if ":" in key]
    return [key for key in keys if ":" not in key], {series: int(step) for series, step in steps}


@given(RULES, LIMITS, st.lists(st.integers(0, 60), min_size=1, max_size=20), st.data())
def test_rises_cover_the_same_keys_however_they_are_divided_into_readings(
    rules: list[object], amount: object, rises: list[int], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rises)), max_size=5)) | {0, len(rises)})
    polls = [sum(rises[start:end]) for start, end in pairwise(cuts)]
    one_by_one, divided = covered(Counter(rules, amount), rises), covered(Counter(rules, amount), polls)
    assert (sorted(one_by_one[0]), one_by_one[1]) == (sorted(divided[0]), divided[1])


@given(RULES, LIMITS, st.lists(st.integers(-200, 300), max_size=20), PERIODS)
def test_no_id_and_no_key_is_handed_out_twice(
    rules: list[object], amount: object, movements: list[int], period: object
) -> None:
    counter = Counter(rules, amount, period)
    signals = [signal for movement in movements for signal in counter.move(movement)]
    ids = [signal.id for signal in signals]
    keys = [key for signal in signals for key in signal.keys]
    assert (len(ids), len(keys)) == (len(set(ids)), len(set(keys)))


@given(RULES, st.lists(st.tuples(LIMITS, st.integers(-200, 300), st.integers(-50, 50)), max_size=20), PERIODS)
def test_no_id_and_no_key_is_handed_out_twice_whatever_the_limit_does(
    rules: list[object], movements: list[tuple[object, int, int]], period: object
) -> None:
    counter = Counter(rules, None, period)
    signals = []
    for counter.limit, firing, quiet in movements:
        signals += counter.move(firing, quiet=quiet)
        counter.at += DAY
    ids = [signal.id for signal in signals]
    keys = [key for signal in signals for key in signal.keys]
    assert (len(ids), len(keys)) == (len(set(ids)), len(set(keys)))


@given(RULES, LIMITS, st.lists(st.integers(-200, 300), min_size=1, max_size=12), st.integers(-400, 600), PERIODS)
def test_a_level_inside_the_guard_changes_nothing(
    rules: list[object], amount: object, movements: list[int], level: int, period: object
) -> None:
    counter = Counter(rules, amount, period)
    for movement in movements:
        counter.move(movement)
    before = counter.last
    assume(not before.guard.passed(level))
    assert (counter.to(level), counter.last.arms, counter.last.guard) == ((), before.arms, before.guard)


@given(RULES, LIMITS, st.lists(st.integers(-200, 300), min_size=1, max_size=20), PERIODS)
def test_judging_only_what_passes_the_guard_finds_the_same_as_judging_everything(
    rules: list[object], amount: object, movements: list[int], period: object
) -> None:
    eager, guarded = Counter(rules, amount, period), Counter(rules, amount, period)
    found: list[str] = []
    expected: list[str] = []
    for movement in movements:
        eager.at = guarded.at = guarded.at + 9 * DAY
        expected += [signal.id for signal in eager.move(movement)]
        if guarded.last is None or guarded.last.guard.passed(guarded.level + movement):
            found += [signal.id for signal in guarded.move(movement)]
        else:
            guarded.level += movement
    assert found == expected


@given(RULES, LIMITS, st.integers(0, 500))
def test_the_level_after_a_reading_is_inside_its_guard(rules: list[object], amount: object, level: int) -> None:
    counter = Counter(rules, amount)
    counter.to(level)
    assert not counter.last.guard.passed(level)


@given(THRESHOLDS, LIMITS, st.lists(st.integers(-300, 300), max_size=40))
def test_falls_raise_a_generation_to_three_at_most(threshold: Threshold, amount: object, movements: list[int]) -> None:
    counter = Counter([rule(threshold)], amount)
    for movement in movements:
        counter.move(movement)
    assert counter.arm(threshold).generation <= 3
