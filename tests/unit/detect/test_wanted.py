"""What a rule asks for, and how its window is written and measured."""

from __future__ import annotations

import pytest

from expansion_signals.detect.wanted import DEFAULTS, Wanted, wanted
from expansion_signals.detect.watches import within
from expansion_signals.model.instants import DAY, HOUR, MINUTE, parse_instant
from expansion_signals.rules.configuration import WatchRule

NOON = parse_instant("2026-11-22T12:30:00Z")


@pytest.mark.parametrize(
    ("length", "window", "span"),
    [
        (30 * MINUTE, "1h", "1 hour"),
        (90 * MINUTE, "2h", "2 hours"),
        (24 * HOUR, "24h", "24 hours"),
        (48 * HOUR, "2d", "2 days"),
        (60 * HOUR, "3d", "3 days"),
        (14 * DAY, "14d", "14 days"),
    ],
)
def test_a_window_is_written_as_it_is_measured(length: int, window: str, span: str) -> None:
    want = Wanted(within=length)
    assert (want.window, want.span) == (window, span)


@pytest.mark.parametrize(
    ("length", "reaches"),
    [
        (30 * MINUTE, "2026-11-22T12:00:00Z"),
        (90 * MINUTE, "2026-11-22T11:00:00Z"),
        (24 * HOUR, "2026-11-21T13:00:00Z"),
        (60 * HOUR, "2026-11-20T00:00:00Z"),
    ],
)
def test_a_window_reaches_back_to_the_beginning_of_an_hour_or_of_a_day(length: int, reaches: str) -> None:
    first = parse_instant(reaches)
    assert (within(first, NOON, length), within(first - 1, NOON, length)) == (True, False)


def test_what_comes_after_the_last_hour_or_day_of_a_window_lies_outside() -> None:
    assert not any(within(NOON + window, NOON, window) for window in (HOUR, 7 * DAY))


def test_a_rule_that_says_nothing_asks_for_the_default() -> None:
    assert (
        wanted(WatchRule("gates", "v1", "feature_gated"))
        == DEFAULTS["feature_gated"]
        == Wanted(3, 2, 14 * DAY, 30 * DAY)
    )


@pytest.mark.parametrize(("option", "numbers"), [({"attempts": 7}, (7, None)), ({"users": 4}, (None, 4))], ids=str)
def test_a_rule_that_names_one_number_asks_for_it_alone(
    option: dict[str, int], numbers: tuple[int | None, int | None]
) -> None:
    want = wanted(WatchRule("gates", "v1", "feature_gated", **option))  # type: ignore[arg-type]
    assert (want.events, want.users) == numbers
