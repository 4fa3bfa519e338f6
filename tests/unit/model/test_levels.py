"""What becomes of a level, aggregation by aggregation (semantics 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.changes import EXACT_MEMBERS, Add, Become, Raise, Replace, See
from expansion_signals.model.levels import Level, changed, merged

if TYPE_CHECKING:
    from expansion_signals.model.changes import Change


def amount_after(*changes: Change) -> int | None:
    level = None
    for each in changes:
        level = changed(level, each)
    return level.amount if level else None


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ((), None),
        ((Add(3), Add(-5)), -2),
        ((Raise(-5),), -5),
        ((Raise(-5), Raise(-7), Raise(2), Raise(0)), 2),
        ((Replace(5, 10, 0), Replace(2, 11, 0), Replace(9, 10, 7)), 2),
        ((Replace(5, 10, 7), Replace(2, 10, 6)), 5),
        ((Replace(5, 10, 7), Replace(2, 10, 7)), 2),
        ((See((1, 2)), See((2, 3))), 3),
        ((See(()),), 0),
        ((Add(3), Become(100), Add(1)), 101),
    ],
)
def test_a_level_follows_its_aggregation(changes: tuple[Change, ...], amount: int | None) -> None:
    assert amount_after(*changes) == amount


def test_no_change_leaves_what_stands() -> None:
    assert (changed(None, None), changed(Level(4), None)) == (None, Level(4))


@pytest.mark.parametrize(("members", "estimated"), [(EXACT_MEMBERS, False), (EXACT_MEMBERS + 1, True)])
def test_a_level_is_estimated_where_redis_would_hold_a_sketch(members: int, estimated: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    assert Level(members, members=frozenset(range(members))).estimated == estimated


PAIRS = [
    (Add(3), Add(-5)),
    (Raise(-3), Raise(-5)),
    (Replace(5, 10, 0), Replace(2, 11, 0)),
    (Replace(5, 11, 0), Replace(2, 10, 0)),
    (Replace(5, 10, 3), Replace(2, 10, 3)),
    (See((1, 2)), See((2, -3))),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_changes_merged_come_to_what_they_come_to_one_after_the_other(first: Change, second: Change) -> None:
    assert amount_after(merged(first, second)) == amount_after(first, second)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_nothing_merged_with_a_change_is_the_change(first: Change, second: Change) -> None:
    assert (merged(None, second), merged(first, None), merged(None, None)) == (second, first, None)


def test_changes_of_two_aggregations_do_not_merge() -> None:
    with pytest.raises(TypeError, match="not of one aggregation"):
        merged(Add(1), Raise(1))
