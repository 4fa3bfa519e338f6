"""Samples: exact up to 500, then a part that stands for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.detect.samples import Sample, key_of
from expansion_signals.detect.watches import MOST_REMEMBERED

if TYPE_CHECKING:
    import random

REACH = 31


def sample(*numbers: int, day: int = 100, taken: Sample | None = None) -> Sample:
    taken = taken or Sample()
    for number in numbers:
        taken.take(key_of(f"u-{number}"), day, REACH)
    return taken


def test_each_is_counted_once_however_often_it_comes() -> None:
    assert sample(1, 2, 1, 2).count(range(100, 101)) == 2


def test_five_hundred_are_counted_exactly() -> None:
    assert sample(*range(MOST_REMEMBERED)).count(range(100, 101)) == MOST_REMEMBERED


def test_one_more_halves_what_is_kept_and_each_stands_for_two() -> None:
    taken = sample(*range(MOST_REMEMBERED + 1))
    assert (len(taken.seen) < 300, taken.count(range(100, 101)) == 2 * len(taken.seen)) == (True, True)


@pytest.mark.parametrize("number", [1_000, 5_000, 20_000])
def test_an_estimate_is_near(number: int) -> None:
    assert abs(sample(*range(number)).count(range(100, 101)) - number) < number // 8


def test_never_are_more_than_five_hundred_kept() -> None:
    taken = Sample()
    most = 0
    for number in range(5_000):
        sample(number, taken=taken)
        most = max(most, len(taken.seen))
    assert most == MOST_REMEMBERED


@given(st.integers(1, 1_500), st.randoms(use_true_random=False))
def test_the_order_does_not_matter(number: int, order: random.Random) -> None:
    numbers = list(range(number))
    order.shuffle(numbers)
    assert sample(*numbers).seen == sample(*range(number)).seen


def test_what_is_exact_is_kept_and_counted_whatever_else_there_is() -> None:
    taken = Sample()
    for number in range(2_000):
        taken.take("sso", 100, REACH, ("sso",))
        taken.take(key_of(str(number)), 100, REACH, ("sso",))
    rest = Sample(taken.newest, {key: seen for key, seen in taken.seen.items() if key != "sso"}, taken.halved)
    assert taken.count(range(100, 101), ("sso",)) == 1 + rest.count(range(100, 101))


@pytest.mark.parametrize(
    ("days", "expected"),
    [(range(100, 101), 1), (range(101, 103), 1), (range(100, 103), 2), (range(103, 110), 0), (range(90, 100), 0)],
    ids=str,
)
def test_only_the_days_of_a_window_count(days: range, expected: int) -> None:
    assert sample(2, day=102, taken=sample(1)).count(days) == expected


def test_a_late_one_counts_on_its_day() -> None:
    taken = sample(2, day=97, taken=sample(1))
    assert (taken.count(range(97, 98)), taken.count(range(97, 101))) == (1, 2)


@pytest.mark.parametrize(("back", "news"), [(REACH - 1, True), (REACH, False)])
def test_what_is_out_of_reach_is_no_news(back: int, *, news: bool) -> None:
    assert sample(1).take("other", 100 - back, REACH) is news


@pytest.mark.parametrize(("later", "kept"), [(REACH - 1, 1), (REACH, 0), (100_000, 0)])
def test_what_no_window_reaches_any_more_goes(later: int, kept: int) -> None:
    taken = sample(2, day=100 + later, taken=sample(1))
    assert len(taken.seen) - 1 == kept


def test_a_crowd_that_has_gone_leaves_exact_counts() -> None:
    taken = sample(*range(10_000))
    for day in range(101, 101 + REACH + 10):
        sample(*range(3), day=day, taken=taken)
    last = 100 + REACH + 10
    assert taken.count(range(last, last + 1)) == 3


def test_days_that_were_halved_differently_are_counted_together() -> None:
    taken = sample(*range(4_000))
    for day in range(101, 104):
        sample(*range(4_000, 4_100), day=day, taken=taken)
    assert abs(taken.count(range(100, 104)) - 4_100) < 600


def test_what_is_written_is_read_the_same() -> None:
    taken = sample(*range(700))
    assert Sample.read(taken.parts()) == taken
