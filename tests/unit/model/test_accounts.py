"""What is kept of an account from one snapshot to the next."""

from __future__ import annotations

import pytest

from expansion_signals.model.accounts import BASELINES_KEPT, Account, Profile, succeed
from expansion_signals.model.instants import DAY, HOUR, format_instant, parse_instant
from expansion_signals.model.periods import period_of

NOW = parse_instant("2026-11-22T10:00:00Z")
YESTERDAY = NOW - DAY


def snapshot(version: int, **as_of: int) -> Account:
    usage = {meter: {"value": "700", "as_of": instant} for meter, instant in as_of.items()}
    return Account.model_validate({"version": version, "plan": "free", "usage": usage})


def after(*snapshots: Account, since: int = NOW) -> Profile:
    profile: Profile | None = None
    for each in snapshots:
        profile = succeed(profile, each, since)
    assert profile is not None
    return profile


def test_a_level_is_set_as_of_what_the_last_snapshot_says() -> None:
    assert after(snapshot(1, calls=YESTERDAY), snapshot(2, calls=NOW)).level_set("calls") == NOW


def test_a_level_stays_set_while_later_snapshots_say_nothing_of_it() -> None:
    profile = after(snapshot(1, calls=YESTERDAY), snapshot(2, files=NOW), snapshot(3))
    assert (profile.level_set("calls"), profile.level_set("files")) == (YESTERDAY, NOW)


def test_a_level_that_nobody_set_is_not_set() -> None:
    assert after(snapshot(1, calls=NOW)).level_set("files") is None


def test_a_new_anchor_leaves_levels_set() -> None:
    moved = Account.model_validate(
        {"version": 2, "plan": "free", "period": {"unit": "month", "anchor": "2026-11-05T00:00:00Z"}}
    )
    assert after(snapshot(1, calls=YESTERDAY), moved).level_set("calls") == YESTERDAY


def test_what_no_event_can_come_before_any_more_is_forgotten_so_that_a_profile_stays_small() -> None:
    old = snapshot(1, calls=NOW - BASELINES_KEPT, files=NOW - BASELINES_KEPT + HOUR)
    assert after(old, snapshot(2)).baselines == {"files": NOW - BASELINES_KEPT + HOUR}


def test_what_the_last_snapshot_says_itself_is_not_kept_twice() -> None:
    assert after(snapshot(1, calls=YESTERDAY), snapshot(2, calls=NOW)).baselines == {}


def test_a_profile_is_read_as_it_was_written() -> None:
    profile = after(snapshot(1, calls=YESTERDAY), snapshot(2))
    assert Profile.model_validate_json(profile.model_dump_json(exclude_defaults=True)) == profile


# ------------------------------------------------------------------------------------------------ anchors


def anchored(version: int, anchor: str | None, unit: str = "month", zone: str = "UTC") -> Account:
    period = {"period": {"unit": unit, "anchor": anchor}} if anchor else {}
    return Account.model_validate({"version": version, "plan": "free", "time_zone": zone, **period})


def starts(profile: Profile, instant: int = NOW) -> str:
    return format_instant(period_of(profile.anchors, profile.account.time_zone, instant).start)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("2026-11-01T00:00:00Z", None),
        (None, "2026-11-01T00:00:00Z"),
        ("2026-08-31T00:00:00Z", "2026-10-31T00:00:00Z"),
    ],
)
def test_an_anchor_that_names_the_periods_that_run_changes_none(first: str | None, then: str | None) -> None:
    one = after(anchored(1, first))
    assert starts(succeed(one, anchored(2, then), NOW)) == starts(one)


@pytest.mark.parametrize(
    ("then", "unit"),
    [("2026-02-28T00:00:00Z", "month"), ("2026-01-15T00:00:00Z", "month"), ("2026-01-31T00:00:00Z", "quarter")],
)
def test_an_anchor_of_other_periods_begins_one_where_it_comes(then: str, unit: str) -> None:
    one = after(anchored(1, "2026-01-31T00:00:00Z"))
    assert starts(succeed(one, anchored(2, then, unit), NOW)) == format_instant(NOW)


@pytest.mark.parametrize(
    ("zone", "july"),
    [
        ("UTC", "2026-07-01T00:00:00Z"),
        ("Europe/Berlin", "2026-06-30T22:00:00Z"),
        ("America/New_York", "2026-07-01T04:00:00Z"),
    ],
)
def test_without_a_period_months_are_those_of_the_calendar_where_the_account_is(zone: str, july: str) -> None:
    assert starts(after(anchored(1, None, zone=zone)), parse_instant("2026-07-15T00:00:00Z")) == july
