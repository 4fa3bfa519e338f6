"""Counters of hours are few however old an event may be; what comes too late for one is in its day (semantics 2.3)."""

from __future__ import annotations

import pytest

from expansion_signals.detect.metering import contributions
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.batches import Applied, DayMove, Range, ShardBatch
from expansion_signals.model.changes import Add
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, HOUR, MINUTE, day_of, parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load
from expansion_signals.state.memory import MemoryStore

CATALOG = """
currency: USD
meters:
  hourly: {event: com.acme.opened, aggregation: count, per: hour, unit: piece}
  daily: {event: com.acme.opened, aggregation: count, per: day, unit: piece}
features: {}
plans:
  - {key: free, price: "0", includes: {}}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": "rules: []"})
ACCOUNT, PARTITION = "acct-1", Partition("usage-events", 0)
START = parse_instant("2026-11-01T00:00:00Z")
PROFILE = succeed(None, Account(version=1, plan="free"), START)
ACCEPTANCE = 35 * DAY
KEPT_HOURS = 24 + 1 + 1
"""The running hour, a day of them behind it, and one more for partitions that lag."""


def counted(time: int, appended: int) -> Item:
    event = UsageEvent("/apps/web", f"e-{appended}", "com.acme.opened", ACCOUNT, time, {})
    item = Item(Record(*PARTITION, 7, None, b"", (), appended), PARTITION, "counted", event)
    item.contributions = contributions(event, CONFIGURATION) or ()
    return item


@pytest.mark.parametrize(
    ("late", "moved"), [(DAY - MINUTE, {"hourly", "daily"}), (DAY, {"daily"}), (34 * DAY, {"daily"})]
)
def test_an_event_that_comes_a_day_after_its_hour_moves_no_counter_of_an_hour(late: int, moved: set[str]) -> None:
    (asked,) = usage_asked([counted(START, START + HOUR + late)], {ACCOUNT: PROFILE}, Lanes(CONFIGURATION, ACCEPTANCE))
    assert {move.counter.meter for move in asked.apart().moves} == moved


def test_it_is_in_the_bucket_of_its_day() -> None:
    (asked,) = usage_asked([counted(START, START + 9 * DAY)], {ACCOUNT: PROFILE}, Lanes(CONFIGURATION, ACCEPTANCE))
    assert DayMove("hourly", day_of(START), Add(1)) in asked.apart().days


async def test_an_hourly_meter_with_35_days_of_acceptance_keeps_a_day_of_counters() -> None:
    store = MemoryStore(shards=1, window=ACCEPTANCE)
    most = 0
    for hour in range(60):
        now = START + hour * HOUR
        (asked,) = usage_asked([counted(now, now)], {ACCOUNT: None}, Lanes(CONFIGURATION, ACCEPTANCE))
        passed = (Range("usage-events/0", hour or None, hour + 1, now, counted=1),)
        (answer,) = await store.apply([ShardBatch(0, 1, f"n{hour}", passed, accounts=[asked])])
        assert isinstance(answer, Applied)
        levels = store.shards[0].account(ACCOUNT).levels
        most = max(most, sum(counter.meter == "hourly" for counter in levels))
    assert most == KEPT_HOURS


async def test_a_counter_that_is_gone_is_not_made_again() -> None:
    store = MemoryStore(shards=1, window=ACCEPTANCE)
    for place, (time, appended) in enumerate(
        [(START, START), (START + 26 * HOUR, START + 26 * HOUR), (START, START + 26 * HOUR)]
    ):
        (asked,) = usage_asked([counted(time, appended)], {ACCOUNT: None}, Lanes(CONFIGURATION, ACCEPTANCE))
        passed = (Range("usage-events/0", place or None, place + 1, appended, counted=1),)
        await store.apply([ShardBatch(0, 1, f"n{place}", passed, accounts=[asked])])
    hourly = {counter for counter in store.shards[0].account(ACCOUNT).levels if counter.meter == "hourly"}
    assert hourly == {Counter("hourly", "", START + 26 * HOUR)}
