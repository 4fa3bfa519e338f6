"""What is gathered from the log for a shard that is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.decided import Decided
from expansion_signals.decide.decisions import decide
from expansion_signals.model.records import Record
from expansion_signals.pipeline.restoring import Restoring
from expansion_signals.state.keys import shard_of
from expansion_signals.wire.codec import CloudEventsCodec
from sample_ground import ground
from sample_signals import NOW, signal
from simulated_workers import CONFIGURATIONS

if TYPE_CHECKING:
    from expansion_signals.decide.restored import RestoredShard
    from expansion_signals.model.signals import Signal

SHARDS = 2
ACCOUNT, ELSEWHERE = "acct-1", "acct-4"
CODEC = CloudEventsCodec()
NAMES = {"expansion-signals": "id"}


@pytest.fixture
def restoring() -> Restoring:
    return Restoring(
        CODEC,
        lambda account: shard_of(account, SHARDS),
        CONFIGURATIONS[0],
        NAMES,
        shards=[shard_of(ACCOUNT, SHARDS)],
        epoch=1,
        now=NOW,
        late=True,
    )


def told(asked: Signal, offset: int = 0) -> Record:
    return Record("expansion-signals", 0, offset, asked.account.encode(), CODEC.signal(asked, NOW).value, (), NOW)


def decided(asked: Signal) -> Record:
    """Return the record of what deciding, knowing nothing, decides of a signal."""
    decision = decide(Candidate(asked, "0:0"), Decided(), ground()).decision
    assert decision is not None
    value = CODEC.decision(decision, NOW).value
    return Record("expansion-decisions", 0, 0, asked.account.encode(), value, (), NOW)


def shard(restoring: Restoring, end: int = 5) -> RestoredShard:
    (found,) = restoring.restored({"id/0": end}, None)
    return found


def test_the_accounts_of_other_shards_are_passed_over(restoring: Restoring) -> None:
    restoring.signals([told(signal("80", account=ELSEWHERE))])
    assert shard(restoring).accounts == {}


def test_a_signal_that_was_decided_is_passed_and_remembered(restoring: Restoring) -> None:
    restoring.decisions([decided(signal("80"))])
    restoring.signals([told(signal("80"))])
    found = shard(restoring)
    assert (found.passed["id/0"].offset, len(found.accounts[ACCOUNT].entries)) == (5, 1)


def test_deciding_goes_on_at_the_first_signal_that_was_not_decided(restoring: Restoring) -> None:
    restoring.decisions([decided(signal("80"))])
    restoring.signals([told(signal("80"), 1), told(signal("100"), 2)])
    found = shard(restoring).passed["id/0"]
    assert (found.offset, found.counted) == (2, 1)


def test_what_can_never_be_decided_is_read_again_where_nothing_follows(restoring: Restoring) -> None:
    restoring.signals([told(signal("80"))._replace(value=b"{", offset=3)])
    assert shard(restoring).passed["id/0"].offset == 3


def test_a_decision_that_cannot_be_read_tells_nothing(restoring: Restoring) -> None:
    restoring.decisions([decided(signal("80"))._replace(value=b"{")])
    restoring.signals([told(signal("80"), 4)])
    assert shard(restoring).passed["id/0"].offset == 4


def test_a_partition_without_a_record_of_the_shard_is_passed_to_its_end(restoring: Restoring) -> None:
    assert shard(restoring, 9).passed["id/0"].offset == 9
