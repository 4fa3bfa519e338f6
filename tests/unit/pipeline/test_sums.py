"""A poll's events of one counter come to one change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.changes import Add, Become, Raise, Replace, See
from expansion_signals.pipeline.sums import part_of, take

if TYPE_CHECKING:
    from expansion_signals.model.catalog import Aggregation
    from expansion_signals.model.changes import Change

EVENTS = [(-4, 20, 1), (-2, 30, 2), (-4, 30, 3), (-9, 10, 4)]
"""Amount, time and offset."""


@pytest.mark.parametrize(
    ("aggregation", "change"),
    [
        ("sum", Add(-19)),
        ("count", Add(-19)),
        ("max", Raise(-2)),
        ("latest", Replace(-4, 30, 3)),
        ("unique", See((-9, -4, -2))),
    ],
)
def test_events_come_to_one_change(aggregation: Aggregation, change: Change) -> None:
    part = part_of(aggregation)
    for event in EVENTS:
        part.add(*event)
    assert part.change() == change


@pytest.mark.parametrize("order", [1, -1])
def test_the_latest_of_two_partitions_does_not_hang_on_which_is_read_first(order: int) -> None:
    part = part_of("latest")
    for event in [(5, 30, 900), (7, 31, 2)][::order]:
        part.add(*event)
    assert part.change() == Replace(7, 31, 2)


@pytest.mark.parametrize(
    ("aggregation", "change"),
    [("sum", Add(-3)), ("count", Add(3)), ("max", Raise(-3)), ("latest", Replace(3, 8, 2)), ("unique", See((-3, 4)))],
)
def test_what_an_hour_bucket_holds_is_taken_in_whole(aggregation: Aggregation, change: Change) -> None:
    part = part_of(aggregation)
    take(part, change)
    assert part.change() == change


def test_an_hour_bucket_of_latest_keeps_its_time_among_others() -> None:
    part = part_of("latest")
    take(part, Replace(3, 8, 2))
    take(part, Replace(5, 7, 9))
    assert part.change() == Replace(3, 8, 2)


def test_a_baseline_is_no_part_of_an_hour() -> None:
    part = part_of("sum")
    take(part, Become(5))
    assert part.change() == Add(0)
