"""Where an imported day total is counted: its day, and the counter or the hour of the instant at which the day ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.metering import contributions
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.batches import DayMove, HourMove
from expansion_signals.model.changes import Add, Raise, Replace
from expansion_signals.model.events import USAGE_IMPORTED, UsageEvent
from expansion_signals.model.instants import DAY, HOUR, day_of, format_day, parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch

CATALOG = """
currency: USD
meters:
  calls: {event: expansion.usage.recorded.v1, where: {meter: calls}, aggregation: sum, value: value, unit: call}
  files:
    {event: expansion.usage.recorded.v1, where: {meter: files}, aggregation: sum, value: value, per: never, unit: file}
  daily: {event: com.acme.opened, aggregation: count, per: day, unit: piece}
  hourly: {event: com.acme.opened, aggregation: count, per: hour, unit: piece}
  peak: {event: com.acme.measured, aggregation: max, value: mb, unit: MB}
  size: {event: com.acme.measured, aggregation: latest, value: mb, unit: MB}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}}}
"""
RULES = "rules:\n  - {id: quota, signal: limit_reached, meter: calls, at: [80%]}\n"
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})

APPENDED = parse_instant("2026-11-22T10:00:00Z")
TODAY = day_of(APPENDED)
FIRST = parse_instant("2026-11-01T00:00:00Z")
SNAPSHOT = {"version": 1, "plan": "free", "period": {"unit": "month", "anchor": "2026-01-01T00:00:00Z"}}
KNOWN = succeed(None, Account.model_validate(SNAPSHOT), APPENDED)


def asked(meter: str, back: int, *, profile: Profile | None = KNOWN) -> AccountBatch:
    """Return what a total of 310 so many days back asks of its account."""
    day = TODAY - back
    data = {"meter": meter, "day": format_day(day), "value": "310"}
    time = min((day + 1) * DAY - 1, APPENDED)
    event = UsageEvent("/expansion-signals/import", "i-1", USAGE_IMPORTED, "acct-1", time, data, backfill=True)
    record = Record("usage-events", 0, 7, b"acct-1", b"", (), APPENDED)
    item = Item(record, Partition("usage-events", 0), "counted", event)
    item.contributions = contributions(event, CONFIGURATION) or ()
    (batch,) = usage_asked([item], {"acct-1": profile}, Lanes(CONFIGURATION, DAY))
    return batch


@pytest.mark.parametrize(("meter", "change"), [("calls", Add(310)), ("daily", Add(310)), ("peak", Raise(310))])
@pytest.mark.parametrize("back", [0, 1, 62])
def test_it_is_the_total_of_its_day(meter: str, change: object, back: int) -> None:
    assert asked(meter, back).days == [DayMove(meter, TODAY - back, change)]


def test_it_moves_the_counter_of_its_period_quietly() -> None:
    (move,) = asked("calls", 3).moves
    assert (move.counter, move.quiet, move.firing) == (Counter("calls", "", FIRST), Add(310), None)


def test_a_level_stands_as_of_the_end_of_its_day() -> None:
    (move,) = asked("size", 3).moves
    assert move.quiet == Replace(310, (TODAY - 2) * DAY - 1, 7)


def test_a_stock_is_what_all_days_come_to() -> None:
    (move,) = asked("files", 62).moves
    assert (move.counter, move.quiet) == (Counter("files", "", None), Add(310))


@pytest.mark.parametrize(("meter", "back"), [("calls", 22), ("calls", 62), ("daily", 2), ("hourly", 0), ("hourly", 3)])
def test_a_period_whose_counter_is_dropped_and_an_hour_get_none(meter: str, back: int) -> None:
    assert asked(meter, back).moves == []


def test_a_period_that_has_just_ended_keeps_its_counter() -> None:
    (move,) = asked("daily", 1).moves
    assert move.counter == Counter("daily", "", (TODAY - 1) * DAY)


def test_of_an_account_not_known_it_waits_in_the_last_hour_of_its_day() -> None:
    assert asked("calls", 40, profile=None).hours == [HourMove("calls", (TODAY - 39) * DAY // HOUR - 1, Add(310), None)]


@pytest.mark.parametrize(("back", "moves"), [(5, 0), (4, 1)])
def test_a_baseline_holds_the_days_that_ended_before_it(back: int, moves: int) -> None:
    usage = {"calls": {"value": "700", "as_of": "2026-11-18T00:00:00Z"}}
    profile = succeed(None, Account.model_validate(SNAPSHOT | {"usage": usage}), APPENDED)
    batch = asked("calls", back, profile=profile)
    assert (len(batch.days), len(batch.moves)) == (1, moves)
