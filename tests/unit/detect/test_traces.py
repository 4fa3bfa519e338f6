"""Traces: how often in a window, since when, and by which events."""

from __future__ import annotations

import json

import pytest

from expansion_signals.detect.traces import Shown, Trace, reach_of
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, HOUR, MINUTE, parse_instant

NOVEMBER = parse_instant("2026-11-01T00:00:00Z")
TEN = NOVEMBER + 10 * HOUR


def trace(*times: int, windows: tuple[int, ...] = (14 * DAY,)) -> Trace:
    taken = Trace()
    for number, time in enumerate(times, 1):
        taken.take(UsageEvent("/apps/web", f"e-{number}", "", "acct-1", time, {}), reach_of(windows))
    return taken


LATE_ONE = TEN + 13 * DAY - HOUR
THREE = trace(TEN, TEN + HOUR, LATE_ONE)


@pytest.mark.parametrize(
    ("after", "shown"),
    [
        (13, Shown(3, TEN, LATE_ONE, ["e-1", "e-2", "e-3"])),
        (14, Shown(1, LATE_ONE, LATE_ONE, ["e-3"])),
        (30, Shown(0, None, LATE_ONE, [])),
    ],
)
def test_a_window_shows_what_lies_in_it_and_when_the_last_was(after: int, shown: Shown) -> None:
    assert THREE.shown(TEN + after * DAY, 14 * DAY) == shown


def test_nothing_shows_nothing() -> None:
    assert Trace().shown(TEN, 14 * DAY) == Shown(evidence=[])


def test_the_last_five_events_are_named() -> None:
    taken = trace(*(TEN + number * MINUTE for number in range(7)))
    assert taken.shown(TEN, DAY * 3).evidence == ["e-3", "e-4", "e-5", "e-6", "e-7"]


def test_late_ones_stand_in_the_order_of_their_time() -> None:
    taken = trace(TEN, TEN - 2 * HOUR)
    assert (taken.shown(TEN, 3 * DAY).evidence, taken.shown(TEN, 3 * DAY).first) == (["e-2", "e-1"], TEN - 2 * HOUR)


@pytest.mark.parametrize(("after", "times"), [(0, 1), (23 * HOUR, 1), (24 * HOUR, 0)], ids=str)
def test_below_48_hours_hours_are_counted(after: int, times: int) -> None:
    assert trace(TEN, windows=(24 * HOUR,)).shown(TEN + after, 24 * HOUR).times == times


def test_hours_are_kept_only_where_a_window_of_hours_is_asked_for() -> None:
    assert [list(trace(TEN, windows=windows).steps) for windows in ((14 * DAY,), (DAY, 14 * DAY), (DAY,))] == [
        [DAY],
        [DAY, HOUR],
        [HOUR],
    ]


def test_a_year_of_events_keeps_the_longest_window_and_a_day() -> None:
    taken = trace(*(TEN + day * DAY for day in range(365)))
    assert len(taken.steps[DAY]) == 15


@pytest.mark.parametrize("windows", [(14 * DAY,), (14 * DAY, DAY), (DAY,)], ids=str)
def test_what_is_written_is_read_the_same(windows: tuple[int, ...]) -> None:
    taken = trace(TEN, TEN + 26 * HOUR, windows=windows)
    assert Trace.read(json.loads(json.dumps(taken.parts()))) == taken
