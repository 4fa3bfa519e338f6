from __future__ import annotations

import pytest

from expansion_signals.checks.clocks import ClockReading, judge_clock
from expansion_signals.checks.findings import Severity
from expansion_signals.model.instants import MINUTE, SECOND

NOON = 1_795_392_000 * SECOND


def reading(told: int, took: int = 0) -> ClockReading:
    return ClockReading(NOON, NOON + told, NOON + took)


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        (0, Severity.OK),
        (2 * SECOND, Severity.OK),
        (-2 * SECOND, Severity.OK),
        (3 * SECOND, Severity.WARNING),
        (-3 * SECOND, Severity.WARNING),
        (MINUTE, Severity.WARNING),
        (MINUTE + 1, Severity.ERROR),
        (-MINUTE - 1, Severity.ERROR),
    ],
)
def test_a_clock_is_judged_by_how_far_it_is_from_ours(told: int, severity: Severity) -> None:
    assert judge_clock("Redis", reading(told)).severity is severity


def test_what_the_time_of_the_answer_explains_is_no_difference() -> None:
    assert reading(3 * SECOND, took=4 * SECOND).ahead == 0


def test_a_clock_of_ours_that_is_ahead_is_told_so() -> None:
    assert judge_clock("Redis", reading(-90 * SECOND)).what == (
        "this machine's clock is 90.0 s ahead of this server's: identities and old counters go too early"
    )


def test_a_clock_of_ours_that_is_behind_is_told_so() -> None:
    assert judge_clock("Redis", reading(5 * SECOND, took=SECOND)).what == (
        "this machine's clock is 4.0 s behind this server's"
    )
