"""Shards as wholes: which stand, which are late, who brings them up, and how a lost one is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.decided import Decided, Entry, key_of
from expansion_signals.decide.passed import Passed
from expansion_signals.decide.restored import RestoredShard
from expansion_signals.decide.restored_account import RestoredAccount
from expansion_signals.model.batches import Applied, Lost, StaleEpoch
from expansion_signals.model.facts import Marks
from expansion_signals.model.instants import DAY
from expansion_signals.model.thresholds import Arm, ArmKey
from expansion_signals.state.keys import shard_of
from sample_batches import ACCOUNT, CALLS, NOW, PARTITION, SHARDS, apply, asked, identity, move, poll
from sample_remembered import EVERYTHING
from sample_signals import key

if TYPE_CHECKING:
    from kept_state import Kept, WholeStore

SHARD = shard_of(ACCOUNT, SHARDS)
OTHER = 1 - SHARD
SIGNALS = "expansion-signals/0"
FIRED = Marks(1000, {ArmKey("quota", "80%"): Arm("fired", 2, (NOW,), held=NOW)})
ENTRY = Entry("fired", "0" * 8, "0:3", NOW + DAY)


def restored(shard: int = SHARD, *, late: bool = True, since: int | None = None, epoch: int = 1) -> RestoredShard:
    """Return a shard as the log tells of it: an account that has fired, and four signals, three of them decided."""
    account = RestoredAccount({CALLS: FIRED}, {key_of(key("80")): ENTRY}, EVERYTHING, [(SIGNALS, 5)])
    passed = {SIGNALS: Passed(4, counted=3, dead_lettered=1), PARTITION: Passed(7)}
    return RestoredShard(shard, epoch, since, late, {ACCOUNT: account}, passed)


@pytest.fixture
async def lost(kept: Kept) -> Kept:
    """A deployment in which an account was used, and its shard lost."""
    await apply(kept.store, poll(asked(move(900)), identities=(identity(1),)))
    await kept.lose(SHARD)
    return kept


async def test_every_shard_of_a_deployment_that_was_opened_stands(kept: Kept) -> None:
    assert (await kept.shards.standing()).keys() == set(range(SHARDS))


async def test_a_shard_tells_its_watermarks(kept: Kept) -> None:
    await apply(kept.store, poll(asked(move(1)), end=10))
    assert (await kept.shards.standing())[SHARD].watermarks == {PARTITION: 10}


async def test_a_lost_shard_does_not_stand(lost: Kept) -> None:
    assert (await lost.shards.standing()).keys() == {OTHER}


async def test_a_lost_shard_takes_nothing(lost: Kept) -> None:
    assert await apply(lost.store, poll(asked(move(1)))) == Lost(SHARD)


async def test_a_delayed_shard_is_late_in_that_stage_alone(kept: Kept) -> None:
    await kept.shards.delay({SHARD}, "metering")
    assert {shard: stands.late for shard, stands in (await kept.shards.standing()).items()} == {
        SHARD: {"metering"},
        OTHER: set(),
    }


async def test_a_delayed_shard_that_is_lost_still_does_not_stand(lost: Kept) -> None:
    await lost.shards.delay({SHARD}, "metering")
    assert (await lost.shards.standing()).keys() == {OTHER}


async def test_a_shard_that_has_caught_up_is_late_no_more(kept: Kept) -> None:
    await kept.shards.delay({SHARD}, "metering")
    await kept.shards.caught_up(SHARD, "metering")
    assert (await kept.shards.standing())[SHARD].late == set()


async def test_a_lease_is_kept_by_who_has_it_and_refused_to_others(kept: Kept) -> None:
    asking = [await kept.shards.lease(SHARD, "metering", holder) for holder in ("a", "a", "b")]
    assert asking == [True, True, False]


async def test_each_shard_and_stage_has_a_lease_of_its_own(kept: Kept) -> None:
    await kept.shards.lease(SHARD, "metering", "a")
    assert await kept.shards.lease(SHARD, "deciding", "b")
    assert await kept.shards.lease(OTHER, "metering", "b")


async def test_a_lease_goes_to_another_once_the_shard_has_caught_up(kept: Kept) -> None:
    await kept.shards.lease(SHARD, "metering", "a")
    await kept.shards.caught_up(SHARD, "metering")
    assert await kept.shards.lease(SHARD, "metering", "b")


async def test_a_lease_goes_to_another_once_its_time_is_over(kept: Kept) -> None:
    await kept.shards.lease(SHARD, "metering", "a")
    await kept.end_leases()
    assert await kept.shards.lease(SHARD, "metering", "b")


async def test_a_shard_made_anew_stands_where_its_signals_are_decided(lost: Kept) -> None:
    await lost.shards.rebuild([restored()], "token")
    assert (await lost.shards.standing())[SHARD].watermarks == {SIGNALS: 4, PARTITION: 7}


async def test_a_shard_made_anew_tells_what_became_of_the_signals_before(lost: Kept) -> None:
    await lost.shards.rebuild([restored()], "token")
    tallies = (await lost.store.tallies())[SIGNALS]
    assert (tallies["counted"], tallies["dead_lettered"]) == (3, 1)


@pytest.mark.parametrize(("late", "stages"), [(True, {"metering", "deciding"}), (False, set())])
async def test_a_shard_made_anew_beside_others_is_late_in_every_stage(
    *, late: bool, stages: set[str], lost: Kept
) -> None:
    await lost.shards.rebuild([restored(late=late)], "token")
    assert (await lost.shards.standing())[SHARD].late == stages


@pytest.mark.parametrize("since", [None, NOW])
async def test_a_shard_made_anew_tells_since_when_it_knows_everything(since: int | None, lost: Kept) -> None:
    await lost.shards.rebuild([restored(since=since)], "token")
    assert (await lost.shards.standing())[SHARD].since == since


async def test_a_shard_made_anew_is_judged_under_the_epoch_it_was_made_in(lost: Kept) -> None:
    await lost.shards.rebuild([restored(epoch=3)], "token")
    assert await apply(lost.store, poll(asked(move(1)), start=7)) == StaleEpoch(3)


async def test_a_shard_made_anew_has_the_marks_that_were_told(lost: Kept) -> None:
    await lost.shards.rebuild([restored()], "token")
    assert (await lost.inside()).marks == {(ACCOUNT, CALLS): FIRED}


async def test_a_shard_made_anew_has_what_was_decided(lost: Kept) -> None:
    await lost.shards.rebuild([restored()], "token")
    assert (await lost.policy.decided([ACCOUNT]))[ACCOUNT].entries == {key_of(key("80")): ENTRY}


async def test_a_shard_made_anew_has_what_was_remembered_and_knows_what_is_read_again(lost: Kept) -> None:
    await lost.shards.rebuild([restored()], "token")
    assert (await lost.policy.decided([ACCOUNT]))[ACCOUNT] == Decided(
        1, {key_of(key("80")): ENTRY}, EVERYTHING, {f"{SIGNALS}|5": "[]"}
    )


async def test_a_shard_made_anew_counts_from_nothing(lost: Kept) -> None:
    await lost.shards.rebuild([restored()], "token")
    answer = await apply(lost.store, poll(asked(move(5)), start=7, identities=(identity(1),)))
    assert (type(answer), (await lost.inside()).levels) == (Applied, {(ACCOUNT, CALLS): 5})


async def test_what_is_left_of_a_shard_that_lost_a_part_is_cleared(kept: Kept, store: WholeStore) -> None:
    """As after a loss of single keys: the counters are there, and nothing says how far they are."""
    await apply(store, poll(asked(move(900))))
    await kept.lose_standing(SHARD)
    await kept.shards.rebuild([restored()], "token")
    assert (await kept.inside()).levels == {}


async def test_a_shard_that_stands_is_left_as_it_is(kept: Kept) -> None:
    await apply(kept.store, poll(asked(move(900)), end=10))
    await kept.shards.rebuild([restored()], "token")
    assert ((await kept.shards.standing())[SHARD].watermarks, (await kept.inside()).marks) == ({PARTITION: 10}, {})


async def test_of_two_who_make_a_shard_anew_the_later_changes_nothing(lost: Kept) -> None:
    await lost.shards.rebuild([restored()], "first")
    await apply(lost.store, poll(asked(move(5)), start=7))
    await lost.shards.rebuild([restored(epoch=2, since=NOW)], "second")
    stands = (await lost.shards.standing())[SHARD]
    assert (stands.since, (await lost.inside()).levels) == (None, {(ACCOUNT, CALLS): 5})
