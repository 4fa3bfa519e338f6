"""Whether a counter holds everything of its period, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from expansion_signals.detect.completeness import incomplete
from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY
from sample_readings import CALLS, NOVEMBER

SINCE = NOVEMBER.start + 10 * DAY
UNTOLD = Account(version=1, plan="free")
STOCK = replace(CALLS, per="never")


def based(as_of: int) -> Account:
    """Return a profile that says where the meter stood at this instant."""
    usage = {CALLS.key: {"value": 5, "as_of": as_of}}
    return Account.model_validate({"version": 1, "plan": "free", "usage": usage})


def test_a_log_that_holds_everything_leaves_nothing_incomplete() -> None:
    assert not incomplete(CALLS, NOVEMBER, UNTOLD, None)


@pytest.mark.parametrize(("since", "expected"), [(NOVEMBER.start - 1, False), (NOVEMBER.start, False), (SINCE, True)])
def test_a_period_that_began_before_the_log_is_incomplete(since: int, *, expected: bool) -> None:
    assert incomplete(CALLS, NOVEMBER, UNTOLD, since) == expected


def test_a_stock_that_the_log_does_not_hold_whole_is_incomplete() -> None:
    assert incomplete(STOCK, None, UNTOLD, SINCE)


def test_the_last_event_says_all_of_latest() -> None:
    assert not incomplete(replace(STOCK, aggregation="latest"), None, UNTOLD, SINCE)


def test_a_counter_of_an_account_without_a_profile_is_incomplete() -> None:
    assert incomplete(CALLS, NOVEMBER, None, SINCE)


@pytest.mark.parametrize(("as_of", "expected"), [(SINCE - 1, True), (SINCE, False), (NOVEMBER.end - 1, False)])
def test_a_baseline_of_the_period_holds_what_is_missing_once_it_is_as_new_as_the_log(
    as_of: int, *, expected: bool
) -> None:
    assert incomplete(CALLS, NOVEMBER, based(as_of), SINCE) == expected


def test_a_baseline_of_a_later_period_says_nothing_of_this_one() -> None:
    assert incomplete(CALLS, NOVEMBER, based(NOVEMBER.end), SINCE)


@pytest.mark.parametrize(("as_of", "expected"), [(SINCE - 1, True), (SINCE, False)])
def test_a_baseline_completes_a_stock(as_of: int, *, expected: bool) -> None:
    assert incomplete(STOCK, None, based(as_of), SINCE) == expected


def test_a_counter_over_an_accounts_life_is_set_by_no_baseline() -> None:
    assert incomplete(CALLS, None, based(SINCE), SINCE)
