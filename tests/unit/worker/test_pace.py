"""Polls are held apart as more comes, and never so far that latency is felt."""

from __future__ import annotations

import pytest

from expansion_signals.worker.pace import LONGEST_SECONDS, Pace


def apart(rate: float, seconds: float = 5) -> float:
    """Return how far polls are apart, in seconds, after so many events a second have come for some seconds."""
    pace, now, waited = Pace(), 100.0, 0.0
    came = 0.0
    while now < 100 + seconds:
        before, now = now, now + max(waited, 0.001)
        came += rate * (now - before)
        records, came = int(came), came % 1
        waited = pace.until(records, 0, now) - now
    return waited


def test_the_first_poll_is_followed_at_once() -> None:
    assert Pace().until(12_000, 0, 100) == 100


def test_what_comes_now_and_then_is_read_as_it_comes() -> None:
    assert apart(10) < 0.002


@pytest.mark.parametrize(("rate", "milliseconds"), [(1_000, 40), (5_000, 40), (20_000, 15), (100_000, 3)])
def test_polls_are_as_far_apart_as_told(rate: float, milliseconds: float) -> None:
    assert apart(rate) == pytest.approx(milliseconds / 1e3, rel=0.25)


@pytest.mark.parametrize("rate", [1, 100, 3_000, 50_000, 1_000_000])
def test_no_poll_waits_longer_than_the_longest(rate: float) -> None:
    assert 0 <= apart(rate, seconds=1) <= LONGEST_SECONDS + 1e-9


def test_a_burst_after_silence_is_read_at_once() -> None:
    pace = Pace()
    pace.until(0, 0, 100)
    assert pace.until(1, 0, 160) - 160 < 0.001


def test_who_is_behind_does_not_wait() -> None:
    pace = Pace()
    pace.until(0, 0, 100)
    assert pace.until(500, 0, 101) > 101.01
    assert pace.until(500, 1_000, 102) == 102
