"""What events add to the shares of their dimensions, and to the days their members were seen on, before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.metering import contributions
from expansion_signals.model.batches import DayMove, Share
from expansion_signals.model.changes import Add, Raise, Replace, See
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, day_of
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load
from sample_batches import NOW, profile

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch
    from expansion_signals.model.changes import Change

CONFIGURATION = load(
    {
        "catalog.yaml": """
currency: USD
meters:
  sum: {event: com.acme.sum, aggregation: sum, value: v, dimensions: [region, model]}
  max: {event: com.acme.max, aggregation: max, value: v, dimensions: [region]}
  latest: {event: com.acme.latest, aggregation: latest, value: v, dimensions: [region]}
  whole: {event: com.acme.whole, aggregation: sum, value: v}
  users: {event: com.acme.users, aggregation: unique, value: v}
plans: [{key: free, price: 0}]
""",
        "rules.yaml": "rules: []\n",
    }
)
KNOWN = profile(1)


def item(kind: str, value: int, **data: object) -> Item:
    time = NOW - DAY if data.pop("yesterday", False) else NOW
    event = UsageEvent("/apps/web", "e-1", f"com.acme.{kind}", "acct-1", time, {"v": value, **data})
    record = Record("usage-events", 0, value, None, b"", (), NOW)
    counted = contributions(event, CONFIGURATION) or ()
    return Item(record, Partition("usage-events", 0), "counted", event=event, contributions=counted)


def asked(*items: Item, known: Profile | None = KNOWN) -> AccountBatch:
    (found,) = usage_asked(items, {"acct-1": known}, Lanes(CONFIGURATION, 2 * DAY))
    return found.apart()


@pytest.mark.parametrize(("kind", "wanted"), [("sum", Add(7)), ("max", Raise(5)), ("latest", Replace(5, NOW, 5))])
def test_a_share_comes_to_what_its_aggregation_says(kind: str, wanted: Change) -> None:
    (move,) = asked(item(kind, 5, region="eu"), item(kind, 2, region="eu")).moves
    assert move.shares == [Share("region", "eu", wanted)]


def test_an_event_has_a_share_in_each_dimension_that_it_has() -> None:
    (move,) = asked(item("sum", 5, region="eu", model="m"), item("sum", 2, model="m"), item("sum", 1)).moves
    assert move.shares == [Share("region", "eu", Add(5)), Share("model", "m", Add(7))]


def test_what_may_not_fire_is_in_the_shares_too() -> None:
    (move,) = asked(item("sum", 5, region="eu"), item("sum", 2, region="eu", yesterday=True)).moves
    assert move.shares == [Share("region", "eu", Add(7))]


def test_a_meter_with_dimensions_tells_so_where_no_event_has_one() -> None:
    (move,) = asked(item("sum", 5)).moves
    assert move.shares == []


def test_a_meter_without_dimensions_has_no_shares() -> None:
    (move,) = asked(item("whole", 5, region="eu")).moves
    assert move.shares is None


def test_the_split_of_an_account_not_yet_known_starts_with_its_profile() -> None:
    found = asked(item("sum", 5, region="eu"), known=None)
    assert (list(found.moves), [each.meter for each in found.hours]) == ([], ["sum"])


def test_a_stock_is_split_of_an_account_not_yet_known_as_well() -> None:
    (move,) = asked(item("latest", 5, region="eu"), known=None).moves
    assert move.shares == [Share("region", "eu", Replace(5, NOW, 5))]


def test_members_are_seen_on_the_day_of_their_event() -> None:
    found = asked(item("users", 5), item("users", 5), item("users", 6), item("users", 6, yesterday=True))
    (five,), (six,) = ([amount for _, amount in item("users", user).contributions] for user in (5, 6))
    assert sorted(found.days) == sorted(
        [DayMove("users", day_of(NOW), See(tuple(sorted((five, six))))), DayMove("users", day_of(NOW) - 1, See((six,)))]
    )
