"""What the events of a poll ask of their counters, summed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.metering import contributions
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.pipeline.work import Item
from sample_batches import NOVEMBER, NOW, OCTOBER, profile
from simulated_log import used
from simulated_workers import CONFIGURATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.batches import Move

CONFIGURATION = CONFIGURATIONS[0]


def item(number: int, appended: int, *, late: int = 0) -> Item:
    """Return one call, appended so late after it happened."""
    record = Record("usage-events", 0, number, None, b"", (), appended)
    event = used(UsageEvent("/apps/web", f"e-{number}", "", "acct-1", appended - late, {}), "calls", 1)
    return Item(
        record,
        Partition("usage-events", 0),
        "counted",
        event=event,
        contributions=contributions(event, CONFIGURATION) or (),
    )


def move(*items: Item) -> Move:
    (asked,) = usage_asked(items, {"acct-1": profile(1, "free")}, Lanes(CONFIGURATION, DAY))
    (found,) = asked.apart().moves
    return found


def dated(found: Move) -> Sequence[object]:
    return (found.evidence.id, found.appended)


def test_what_may_fire_is_dated_by_its_own_append_time_though_a_partition_ahead_is_read_with_it() -> None:
    assert dated(move(item(1, NOW), item(2, NOW - HOUR))) == ("e-2", NOW - HOUR)


def test_what_may_fire_is_not_dated_by_what_is_too_late_to() -> None:
    assert dated(move(item(1, NOW - HOUR), item(2, NOW, late=2 * HOUR))) == ("e-1", NOW - HOUR)


def test_what_may_not_fire_is_dated_by_the_last_append_time() -> None:
    found = move(item(1, NOW, late=2 * HOUR), item(2, NOW - 1, late=3 * HOUR))
    assert dated(found) == ("e-2", NOW)


@pytest.mark.parametrize(
    ("hit", "kept_from"),
    [(NOVEMBER + 26 * HOUR, NOVEMBER), (NOW, NOVEMBER), (NOVEMBER + 24 * HOUR, OCTOBER), (NOVEMBER, OCTOBER)],
)
def test_counters_are_kept_from_the_start_of_a_period_whenever_they_are_hit(hit: int, kept_from: int) -> None:
    """A period is over 25 h past its end: the acceptance window, and the lag that is allowed."""
    assert move(item(1, hit)).keep_from == kept_from
