"""The timelines of `pipeline/places.py`: one event, its counter by what is counted per, and by when it comes."""

from __future__ import annotations

import pytest

from expansion_signals.model.accounts import Account, Subscription, succeed
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import HOUR, format_instant, parse_instant
from expansion_signals.model.periods import closed
from expansion_signals.model.readings import Period
from expansion_signals.pipeline.places import may_not_fire, period_in

TIME = parse_instant("2026-10-25T22:30:00Z")
TEN = parse_instant("2026-11-22T10:00:00Z")


def counted_per(per: str, unit: str = "month", anchor: str = "2026-01-30T23:00:00Z") -> list[str]:
    """Return start and end of the period of an account in Berlin that holds the event of 25 October."""
    period = Subscription(unit=unit, anchor=parse_instant(anchor))
    account = Account(version=1, plan="free", time_zone="Europe/Berlin", period=period)
    found = period_in(per, succeed(None, account, 0), TIME)
    return [format_instant(instant) for instant in found] if found else []


def test_a_month_of_the_account_ends_at_its_own_midnight() -> None:
    assert counted_per("period") == ["2026-09-29T22:00:00Z", "2026-10-30T23:00:00Z"]


def test_a_day_of_the_account_has_25_hours_in_autumn() -> None:
    assert counted_per("period", "day", "2025-12-31T23:00:00Z") == ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"]


def test_per_day_is_the_day_of_utc() -> None:
    assert counted_per("day") == ["2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"]


def test_per_hour_is_the_running_hour() -> None:
    assert counted_per("hour") == ["2026-10-25T22:00:00Z", "2026-10-25T23:00:00Z"]


def test_a_stock_has_no_period() -> None:
    assert counted_per("never") == []


@pytest.mark.parametrize("per", ["period", "never"])
def test_without_a_profile_there_is_no_period_to_count_for(per: str) -> None:
    assert period_in(per, None, TIME) is None


@pytest.mark.parametrize(
    ("appended", "quiet"),
    [
        ("2026-11-22T09:55:00Z", False),
        ("2026-11-22T10:00:00Z", False),
        ("2026-11-22T11:00:00Z", False),
        ("2026-11-22T11:00:00.000001Z", True),
        ("2026-11-23T10:00:00Z", True),
    ],
)
def test_an_event_of_ten_may_fire_until_eleven(appended: str, *, quiet: bool) -> None:
    event = UsageEvent("/apps/web", "e-1", "expansion.usage.recorded.v1", "acct-1", TEN, {})
    assert may_not_fire(HOUR, event, parse_instant(appended)) is quiet


def test_an_event_whose_period_ended_before_it_came_corrects_a_closed_one() -> None:
    hour = Period(TEN - HOUR // 2, TEN + HOUR // 2)
    assert [closed(hour, TEN + HOUR // 2 - 1), closed(hour, TEN + HOUR // 2)] == [False, True]
