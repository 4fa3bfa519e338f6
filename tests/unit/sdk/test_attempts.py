"""How long a handler is asked again, and when it is given up."""

from __future__ import annotations

import pytest

from expansion_signals.errors import Rejected, Retryable
from expansion_signals.sdk.attempts import Attempts

FIVE = Attempts(5, 1, 60)


def test_waits_double_up_to_the_longest() -> None:
    assert [FIVE.wait_after(failed) for failed in (1, 2, 3, 6, 7, 10_000)] == [1, 2, 4, 32, 60, 60]


@pytest.mark.parametrize(("failed", "over"), [(1, False), (4, False), (5, True)])
def test_what_fails_is_given_up_after_so_many_attempts(failed: int, *, over: bool) -> None:
    assert FIVE.are_over(ValueError(), failed) is over


def test_what_can_never_succeed_is_given_up_at_once() -> None:
    assert FIVE.are_over(Rejected(), 1)


def test_what_may_succeed_is_never_given_up() -> None:
    assert not FIVE.are_over(Retryable(), 1_000)
