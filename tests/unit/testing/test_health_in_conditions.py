"""A condition on health: metering measures, deciding works it out, and the next event asks for it."""

from __future__ import annotations

import pytest

from expansion_signals.model.instants import DAY, MINUTE
from rehearsed_account import RehearsedAccount

CALLS = "{id: quota, signal: limit_reached, meter: calls, at: [80%%], when: health %s}"


async def reached(condition: str, *, limit_after: int) -> int:
    """Return how often 80 % of 1,000 calls is told of an account that uses half of them, and then the rest."""
    account = RehearsedAccount(CALLS % condition)
    await account.known(limits={"calls": "1000"})
    await account.calls(500)
    await account.calls(400, after=limit_after)
    return len(account.told("limit.reached"))


@pytest.mark.parametrize(("condition", "times"), [(">= 50", 1), ("< 50", 0), ("> 50", 0)])
async def test_a_day_later_the_health_is_known(condition: str, times: int) -> None:
    assert await reached(condition, limit_after=3 * DAY) == times


@pytest.mark.parametrize("condition", [">= 50", "< 50"])
async def test_before_the_first_look_it_is_not_known_and_no_comparison_is_true(condition: str) -> None:
    assert await reached(condition, limit_after=MINUTE) == 0
