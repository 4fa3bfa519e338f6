"""Members of `unique` meters are told to a shard once, as long as it is known to hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.metering import contributions
from expansion_signals.model.events import USAGE_RECORDED, UsageEvent
from expansion_signals.model.facts import AccountFacts
from expansion_signals.model.instants import DAY
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load
from sample_batches import NOW, profile

if TYPE_CHECKING:
    from expansion_signals.model.batches import AccountBatch

CONFIGURATION = load(
    {
        "catalog.yaml": """
currency: USD
meters:
  users: {event: expansion.usage.recorded.v1, aggregation: unique, value: user}
plans: [{key: free, price: 0}]
""",
        "rules.yaml": "rules: []",
    }
)
KNOWN = profile(1, "free")


def seen(user: str, at: int = NOW) -> Item:
    event = UsageEvent("/apps/web", user, USAGE_RECORDED, "acct-1", at, {"meter": "calls", "value": 1, "user": user})
    return Item(
        Record("usage-events", 0, 0, None, b"", (), at),
        Partition("usage-events", 0),
        "counted",
        event,
        contributions=contributions(event, CONFIGURATION) or (),
    )


def asked(lanes: Lanes, *items: Item) -> AccountBatch:
    (batch,) = usage_asked(items, {"acct-1": KNOWN}, lanes)
    return batch


def told(batch: AccountBatch) -> int:
    """Return how many members are told."""
    return sum(len(move.change.members) for move in batch.lanes)  # type: ignore[union-attr]


def lanes_after(*users: str, facts: tuple[AccountFacts, ...] = ()) -> Lanes:
    lanes = Lanes(CONFIGURATION, DAY)
    lanes.applied([asked(lanes, *map(seen, users))], facts)
    return lanes


def test_a_member_that_was_applied_is_not_told_again() -> None:
    assert told(asked(lanes_after("ada"), seen("ada"), seen("bob"))) == 1


def test_where_nobody_is_new_the_account_is_asked_for_all_the_same_so_that_its_profile_is_checked() -> None:
    batch = asked(lanes_after("ada"), seen("ada"))
    assert (batch.account, batch.profile, list(batch.lanes)) == ("acct-1", KNOWN, [])


def test_a_member_is_told_again_on_the_next_day() -> None:
    assert told(asked(lanes_after("ada"), seen("ada", NOW + DAY))) == 1


def test_a_member_that_was_asked_for_but_not_applied_is_told_again() -> None:
    lanes = Lanes(CONFIGURATION, DAY)
    asked(lanes, seen("ada"))
    assert told(asked(lanes, seen("ada"))) == 1


def test_of_an_account_with_facts_all_are_told_again_because_a_rule_may_wait_for_something_else() -> None:
    facts = AccountFacts("acct-1", 0, (), {}, KNOWN)
    assert told(asked(lanes_after("ada", facts=(facts,)), seen("ada"))) == 1


def test_all_are_told_again_once_it_is_not_known_what_the_shard_holds() -> None:
    lanes = lanes_after("ada")
    lanes.forget()
    assert told(asked(lanes, seen("ada"))) == 1


def test_all_are_told_again_under_another_profile() -> None:
    (batch,) = usage_asked([seen("ada")], {"acct-1": profile(2, "free")}, lanes_after("ada"))
    assert told(batch) == 1
