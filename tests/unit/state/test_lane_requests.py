"""What a lane asks of a shard is what its moves ask, each by itself."""

from __future__ import annotations

import pytest

from expansion_signals.model.batches import AccountBatch, ShardBatch
from expansion_signals.model.catalog import Meter
from expansion_signals.model.changes import Add, Change, Raise, Replace, See
from expansion_signals.model.events import USAGE_RECORDED, UsageEvent
from expansion_signals.model.instants import DAY, day_of
from expansion_signals.model.lanes import Lane, LaneMove
from expansion_signals.model.readings import Counter
from expansion_signals.state.identity_slices import Plan
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.requests import ApplyRequest
from sample_batches import NOVEMBER, NOW, OCTOBER, profile

EVENT = UsageEvent("/apps/web", "e-1", USAGE_RECORDED, "acct-1", NOW, {"user": "ada", "session": "s-1"})
LIFE, PERIOD = Counter("calls", "", None), Counter("calls", "", NOVEMBER)
METER = Meter(key="calls", event=USAGE_RECORDED, aggregation="sum", unit="call", value="value")


def lane(*counters: tuple[Counter, bool]) -> Lane:
    forgotten = Counter("calls", "", OCTOBER)
    known = profile(1, "free")
    return Lane(METER, known, 0, NOW + DAY, 0, NOW + DAY, DAY, day_of(NOW), counters, NOVEMBER, forgotten)


@pytest.mark.parametrize("change", [Add(5), Add(-5), Raise(7), Replace(7, NOW, 3), See((-1, 5))])
@pytest.mark.parametrize(
    "counters", [[(PERIOD, True)], [(PERIOD, False)], [(LIFE, True), (PERIOD, True)], [(LIFE, False), (PERIOD, True)]]
)
def test_a_lane_is_asked_for_as_its_moves_are(change: Change, counters: list[tuple[Counter, bool]]) -> None:
    account = AccountBatch("acct-1", profile(1, "free"), lanes=[LaneMove(lane(*counters), change, EVENT, NOW)])
    together, apart = (
        ApplyRequest(
            shard_keys("", 3),
            ShardBatch(3, 1, "n", (), (), [each]),
            Plan((), ()),
            conflicts=True,
            crowded={},
        )
        for each in (account, account.apart())
    )
    assert together.keys == apart.keys
    assert together.argument == apart.argument
    if all(watched for _, watched in counters):
        assert together.evidences == apart.evidences
