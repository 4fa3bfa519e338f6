"""What a subscriber may commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.sdk.progress import Progress

if TYPE_CHECKING:
    from random import Random

HERE, THERE = ("expansion-limit-reached", 0), ("expansion-limit-reached", 1)


def taken(*offsets: int) -> Progress:
    progress = Progress()
    for offset in offsets:
        progress.take((HERE, offset))
    return progress


def finish(progress: Progress, *offsets: int) -> None:
    done = [(HERE, offset) for offset in offsets]
    progress.commit(done, progress.after(done))


def test_what_is_done_is_passed() -> None:
    assert taken(5).after([(HERE, 5)]) == {HERE: 6}


def test_what_is_not_done_is_not_passed_but_its_partition_is_committed_all_the_same() -> None:
    assert taken(5, 6, 7).after([(HERE, 7)]) == {HERE: 5}


def test_several_that_are_done_together_are_passed_together() -> None:
    assert taken(5, 6, 7).after([(HERE, 6), (HERE, 5)]) == {HERE: 7}


def test_what_was_done_before_is_passed_with_the_first() -> None:
    progress = taken(5, 6, 7)
    finish(progress, 6)
    assert progress.after([(HERE, 5)]) == {HERE: 7}


def test_what_was_dropped_is_passed_with_what_came_before() -> None:
    progress = taken(5, 8)
    progress.drop((HERE, 8))
    assert progress.after([(HERE, 5)]) == {HERE: 9}


def test_partitions_do_not_hold_each_other_back() -> None:
    progress = taken(5)
    progress.take((THERE, 70))
    assert progress.after([(THERE, 70)]) == {THERE: 71}


def test_what_was_only_dropped_is_committed_with_what_is_done_elsewhere() -> None:
    progress = taken(5)
    progress.drop((HERE, 5))
    progress.take((THERE, 70))
    assert progress.after([(THERE, 70)]) == {HERE: 6, THERE: 71}


def test_nothing_is_committed_twice() -> None:
    progress = taken(5)
    progress.drop((HERE, 5))
    finish(progress)
    assert progress.after(()) == {}


def test_what_is_open_is_never_committed() -> None:
    progress = taken(5, 6)
    progress.drop((HERE, 6))
    assert progress.after(()) == {}


@given(st.lists(st.booleans(), max_size=30), st.randoms(use_true_random=False), st.integers(1, 4))
def test_in_whatever_order_and_number_they_are_done_the_offset_stands_before_the_first_that_is_not(
    kept: list[bool], random: Random, together: int
) -> None:
    progress = taken(*range(len(kept)))
    for offset, keep in enumerate(kept):
        if not keep:
            progress.drop((HERE, offset))
    order = [offset for offset, keep in enumerate(kept) if keep]
    random.shuffle(order)
    for first in range(0, len(order), together):
        done = [(HERE, offset) for offset in order[first : first + together]]
        still_open = order[first + together :]
        assert progress.after(done) == {HERE: min(still_open, default=len(kept))}
        progress.commit(done, progress.after(done))
