"""The reading of each closed day, and what it tells of levels, growth and limits."""

from __future__ import annotations

import pytest

from active_account import lead
from expansion_signals.model.instants import DAY, HOUR, MINUTE
from rehearsed_account import RehearsedAccount

LEAD = lead("limit_hits >= 3", "usage_growth > 50%", "utilization >= 80%, 7d")


async def test_each_closed_day_is_told_once() -> None:
    who = RehearsedAccount(LEAD)
    await who.known()
    await who.calls(5)
    await who.waits(4 * DAY)
    # The first look is at the day before it was known.
    assert who.causes("reading") == [f"day:2026-11-{day}" for day in range(21, 26)]


async def test_a_reading_of_a_day_is_later_than_what_happened_before_the_look() -> None:
    who = RehearsedAccount(LEAD)
    await who.known()
    for minute in range(3):
        await who.does("limit.hit", minute * MINUTE, meter="calls")
    await who.waits(2 * DAY)
    times = [each["time"] for each in who.signals if each["type"] == "expansion.signal.reading.v1"]
    assert (len(times), sorted(times)) == (4, times)


async def test_a_day_that_is_looked_at_again_is_not_told_again() -> None:
    who = RehearsedAccount(LEAD)
    await who.known()
    await who.calls(5)
    await who.waits(2 * DAY)
    before = len(who.told("reading"))
    await who.imports(40, 2 * DAY, day="2026-11-20")
    await who.waits(2 * DAY + 2 * HOUR)
    assert len(who.told("reading")) == before


async def test_of_an_account_that_does_nothing_nothing_is_told() -> None:
    who = RehearsedAccount(LEAD)
    await who.known()
    await who.waits(3 * DAY)
    assert who.told("reading") == []


async def test_an_account_without_levels_is_told_of_by_what_it_does() -> None:
    who = RehearsedAccount(LEAD)
    await who.known()
    await who.does("user.active", user="ada")
    await who.waits(8 * DAY)
    assert [(each["levels"], each["health_inputs"]["active_days"]) for each in who.told("reading")[-1:]] == [([], 1)]


async def test_without_criteria_no_day_is_told() -> None:
    who = RehearsedAccount("{id: a, signal: cancel_requested, when: usage_growth > 50% and limit_hits > 1}")
    await who.known()
    await who.calls(5)
    await who.waits(2 * DAY)
    assert who.told("reading") == []


async def test_levels_stand_beside_their_limits() -> None:
    who = RehearsedAccount(LEAD)
    await who.known(members=["ada"])
    await who.calls(250)
    await who.stores(40)
    await who.waits(DAY + 12 * HOUR)
    told = who.told("reading")[-1]
    period = {"start": "2026-11-14T10:00:00Z", "end": "2026-12-14T10:00:00Z"}
    level = {"feature": "calls", "unit": "call", "usage": "250", "limit": "1000", "utilization": "0.25"}
    assert told["levels"] == [
        {"meter": "calls", **level, "period": period},
        {
            "meter": "storage",
            "feature": "storage",
            "unit": "GB",
            "usage": "40",
            "limit": "50",
            "utilization": "0.8",
            "period": None,
        },
    ]
    assert told["seats"] == {"used": "1", "pending": "0", "allowance": "5"}


async def test_facts_that_only_a_look_tells_have_no_single_events() -> None:
    who = RehearsedAccount(LEAD)
    await who.known(-63 * DAY)
    for day in range(-62, 1):
        await who.calls(10 if day < -29 else 16, day * DAY + HOUR)
    await who.stores(41, DAY)
    await who.waits(2 * DAY)
    nothing = {"first_seen": None, "last_seen": None, "evidence": []}
    # When 23 Nov has closed: 29 days of 10 and one of 16, then 29 of 16 and one of nothing.
    assert who.told("reading")[-1]["facts"] == [
        {"fact": "limit_hits", "within": "14d", "observed": "0", **nothing},
        {"fact": "usage_growth", "within": "30d", "observed": "0.5163", **nothing},
        {"fact": "utilization", "within": None, "observed": "0.82", **nothing},
    ]


async def test_what_a_day_tells_is_told_again_by_no_event() -> None:
    who = RehearsedAccount(LEAD)
    await who.known()
    await who.stores(45)
    await who.waits(DAY + 12 * HOUR)
    await who.does("limit.hit", DAY + 13 * HOUR, meter="calls")
    assert {each["reason"] for each in who.told("reading")} == {"daily"}


async def test_features_whose_meter_is_counted_are_in_use() -> None:
    who = RehearsedAccount(LEAD)
    await who.known()
    await who.calls(5)
    await who.does("feature.used", feature="dashboards")
    await who.waits(DAY + 12 * HOUR)
    told = who.told("reading")[-1]["health_inputs"]
    assert (told["features_used"], told["features_included"], told["history_days"]) == (2, 4, 1)


@pytest.mark.parametrize(("hits", "times"), [(2, 0), (3, 1), (50, 1)])
async def test_through_the_whole_pipeline_hits_are_told_once(hits: int, times: int) -> None:
    who = RehearsedAccount(LEAD)
    await who.known()
    for number in range(hits):
        await who.does("limit.hit", number, meter="calls")
        await who.again()
    assert len(who.told("reading")) == times
