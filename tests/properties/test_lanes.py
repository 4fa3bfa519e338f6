"""What lanes make of events is what the long way makes of them, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.detect.metering import contributions
from expansion_signals.model.accounts import Baseline
from expansion_signals.model.events import USAGE_IMPORTED, USAGE_RECORDED, UsageEvent
from expansion_signals.model.instants import DAY, HOUR, MINUTE, parse_instant
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.lanes import Lane, Lanes
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load
from sample_batches import profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch

CONFIGURATION = load(
    {
        "catalog.yaml": """
currency: USD
meters:
  calls: {event: expansion.usage.recorded.v1, where: {meter: calls}, aggregation: sum, value: value}
  daily: {event: expansion.usage.recorded.v1, where: {meter: daily}, aggregation: count, per: day}
  hourly: {event: expansion.usage.recorded.v1, where: {meter: hourly}, aggregation: max, value: value, per: hour}
  stock: {event: expansion.usage.recorded.v1, where: {meter: stock}, aggregation: sum, value: value, per: never}
  last: {event: expansion.usage.recorded.v1, where: {meter: last}, aggregation: latest, value: value}
  split:
    {event: expansion.usage.recorded.v1, where: {meter: split}, aggregation: sum, value: value, dimensions: [region]}
  users: {event: expansion.usage.recorded.v1, aggregation: unique, value: user}
features: {calls: {meter: calls}, stock: {meter: stock}}
plans: [{key: free, price: 0, includes: {calls: {limit: 10}, stock: {limit: 10}}}]
""",
        "rules.yaml": """
rules:
  - {id: calls, signal: limit_reached, meter: calls, at: [80%]}
  - {id: stock, signal: limit_reached, meter: stock, at: [80%], max_firing_age: 6h}
  - {id: first, signal: milestone, meter: calls, at: [5], max_firing_age: 3h}
  - {id: days, signal: milestone, meter: daily, at: [5]}
""",
    }
)
METERS = ("calls", "daily", "hourly", "stock", "last", "split")
MIDNIGHT = parse_instant("2026-12-01T00:00:00Z")
AGES = (0, 0, 1, MINUTE, HOUR, HOUR + 1, 5 * HOUR, 25 * HOUR, 3 * DAY)


class NoLanes(Lanes):
    def for_events_like(self, *_: object) -> Lane | None:
        return None


def items(drafts: Sequence[tuple[str, str, int, int, int, bool]]) -> list[Item]:
    made = []
    for number, (account, meter, value, appended, age, odd) in enumerate(drafts):
        data = {"meter": meter, "value": value, "user": f"u-{value}", "dimensions": {"region": "eu"}}
        kind = USAGE_IMPORTED if odd and meter != "last" else USAGE_RECORDED
        event = UsageEvent("/apps/web", f"e-{number}", kind, account, MIDNIGHT + appended - age, data, backfill=odd)
        made.append(
            Item(
                Record("usage-events", 0, number, None, b"", (), MIDNIGHT + appended),
                Partition("usage-events", 0),
                "duplicate" if value == 9 else "counted",
                event,
                contributions=contributions(event, CONFIGURATION) or (),
            )
        )
    return made


def told(batches: Sequence[AccountBatch]) -> list[object]:
    """Return batches without their order, and the append time of what no rule looks at: nobody asks for it."""
    batches = [batch.apart() for batch in batches]
    for batch in batches:
        batch.moves = sorted((move if move.watched else move._replace(appended=0) for move in batch.moves), key=repr)
        batch.days, batch.hours, batch.lanes = sorted(batch.days), list(batch.hours), ()
    return batches


DRAFTS = st.lists(
    st.tuples(
        st.sampled_from(["known", "with a baseline", "unknown"]),
        st.sampled_from(METERS),
        st.integers(0, 9),
        st.sampled_from([-DAY, -HOUR, -1, 0, 1, HOUR, DAY - 1, DAY, 2 * DAY]),
        st.sampled_from(AGES),
        st.sampled_from([False] * 9 + [True]),
    ),
    max_size=30,
)


def with_baseline() -> Profile:
    known = profile(1, "free")
    usage = {"calls": Baseline(value="3", as_of=MIDNIGHT - HOUR), "stock": Baseline(value="3", as_of=MIDNIGHT + HOUR)}
    return known.model_copy(update={"account": known.account.model_copy(update={"usage": usage})})


@given(DRAFTS, st.integers(1, 3))
def test_lanes_come_to_what_the_long_way_comes_to(
    drafts: Sequence[tuple[str, str, int, int, int, bool]], polls: int
) -> None:
    profiles: Mapping[str, Profile | None] = {
        "known": profile(1, "free"),
        "with a baseline": with_baseline(),
        "unknown": None,
    }
    kept, none = Lanes(CONFIGURATION, 2 * DAY), NoLanes(CONFIGURATION, 2 * DAY)
    for poll in range(polls):
        part = drafts[poll::polls]
        assert told(usage_asked(items(part), profiles, kept)) == told(usage_asked(items(part), profiles, none))
