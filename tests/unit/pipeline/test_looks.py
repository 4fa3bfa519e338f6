"""When days are looked at: after they have closed, spread, and once more when history comes."""

from __future__ import annotations

import pytest

from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND, day_of, parse_instant
from expansion_signals.pipeline.looks import BEHIND, last_closed, look_at, look_once_loaded

NOON = parse_instant("2026-11-22T12:00:00Z")
TODAY = day_of(NOON)
MIDNIGHT = TODAY * DAY


@pytest.mark.parametrize(
    ("reached", "closed"),
    [
        (MIDNIGHT, TODAY - 2),
        (MIDNIGHT + 10 * MINUTE - 1, TODAY - 2),
        (MIDNIGHT + 10 * MINUTE, TODAY - 1),
        (NOON, TODAY - 1),
    ],
)
def test_a_day_closes_ten_minutes_after_its_end(reached: int, closed: int) -> None:
    assert last_closed(reached) == closed


def test_a_look_at_a_day_finds_it_closed_and_no_later_one() -> None:
    looks = [look_at(f"acct-{number}", TODAY) for number in range(1000)]
    assert {last_closed(at) for at in looks} == {TODAY}


def test_looks_are_spread_over_twenty_hours() -> None:
    hours = [(look_at(f"acct-{number}", TODAY) - MIDNIGHT - DAY) // HOUR for number in range(2000)]
    assert all(50 < hours.count(hour) < 150 for hour in range(20))


def test_an_account_has_the_same_slot_every_day() -> None:
    assert look_at("acct-1", TODAY + 1) - look_at("acct-1", TODAY) == DAY


def test_history_is_looked_at_five_seconds_after_the_last_of_it_was_read() -> None:
    read_to_the_end = NOON + 5 * SECOND
    assert look_once_loaded(NOON) == read_to_the_end - BEHIND
