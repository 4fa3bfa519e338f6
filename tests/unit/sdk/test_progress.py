"""What a subscriber may commit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.sdk.progress import Progress

HERE, THERE = ("expansion-limit-reached", 0), ("expansion-limit-reached", 1)


def taken(*offsets: int, keep: bool = True) -> Progress:
    progress = Progress()
    for offset in offsets:
        progress.take(HERE, offset, keep=keep)
    return progress


def test_what_is_done_is_passed() -> None:
    assert taken(5).after(HERE, 5) == 6


def test_what_is_not_done_is_not_passed() -> None:
    assert taken(5, 6, 7).after(HERE, 7) == 5


def test_what_was_done_before_is_passed_with_the_first() -> None:
    progress = taken(5, 6, 7)
    progress.finish(HERE, 6)
    assert progress.after(HERE, 5) == 7


def test_what_was_dropped_is_passed_with_what_came_before() -> None:
    progress = taken(5)
    progress.take(HERE, 8, keep=False)
    assert progress.after(HERE, 5) == 9


def test_partitions_do_not_hold_each_other_back() -> None:
    progress = taken(5)
    progress.take(THERE, 70, keep=True)
    assert progress.after(THERE, 70) == 71


def test_what_was_only_dropped_is_to_be_committed() -> None:
    assert taken(5, 6, keep=False).uncommitted() == {HERE: 7}


def test_nothing_is_committed_twice() -> None:
    progress = taken(5, 6, keep=False)
    progress.commit(progress.uncommitted())
    assert progress.uncommitted() == {}


def test_a_done_commits_for_what_was_dropped_behind_it() -> None:
    progress = taken(5)
    progress.take(HERE, 6, keep=False)
    progress.finish(HERE, 5)
    assert progress.uncommitted() == {}


def test_what_is_open_is_never_committed() -> None:
    progress = taken(5)
    progress.take(HERE, 6, keep=False)
    assert progress.uncommitted() == {}


@given(st.lists(st.booleans(), max_size=30), st.randoms(use_true_random=False))
def test_in_whatever_order_they_are_done_the_offset_stands_before_the_first_that_is_not(
    kept: list[bool], random: st.DataObject
) -> None:
    progress = Progress()
    for offset, keep in enumerate(kept):
        progress.take(HERE, offset, keep=keep)
    still_open = {offset for offset, keep in enumerate(kept) if keep}
    order = sorted(still_open)
    random.shuffle(order)  # type: ignore[attr-defined]
    for offset in order:
        still_open.remove(offset)
        assert progress.after(HERE, offset) == min(still_open, default=len(kept))
        progress.finish(HERE, offset)
