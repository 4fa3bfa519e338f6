"""The apply script's table in `architecture.md`, row by row: what is found, what is answered, and nothing written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.amounts import LARGEST, ROOMY
from expansion_signals.model.batches import (
    Applied,
    Behind,
    Bucket,
    DayMove,
    Full,
    Gap,
    Lost,
    OtherProfiles,
    Overflow,
    Range,
    Seen,
    StaleEpoch,
)
from expansion_signals.model.changes import Add
from expansion_signals.model.thresholds import Guard
from kept_state import watermarks_of
from sample_batches import (
    ACCOUNT,
    CALLS,
    ELSEWHERE,
    FILES,
    NEIGHBOUR,
    NOW,
    PARTITION,
    SECOND_PARTITION,
    apply,
    asked,
    change,
    guarded,
    hour_move,
    identity,
    move,
    poll,
    profile,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.batches import AccountBatch, ShardBatch
    from expansion_signals.ports import Store
    from kept_state import Kept

AFTER_TEN = poll(asked(move(1)), start=10, end=20)


@pytest.fixture
async def standing(store: Store) -> Store:
    """A shard under epoch 2 with a known account at 5 calls, one identity, and its partition at offset 10."""
    first = poll(asked(move(5), change=change(profile(1))), identities=(identity(7),), epoch=2)
    assert isinstance(await apply(store, first), Applied)
    return store


def following(*moves: object, **others: object) -> ShardBatch:
    """Return a batch that passes all checks of `standing`, but for what is named."""
    return poll(asked(*(moves or (move(1),)), profile=profile(1)), start=10, end=20, **{"epoch": 2, **others})


async def test_a_batch_that_passes_every_check_is_applied(standing: Store) -> None:
    assert isinstance(await apply(standing, following()), Applied)


async def test_an_older_epoch_is_told_the_later_one(standing: Store) -> None:
    assert await apply(standing, following(epoch=1)) == StaleEpoch(2)


async def test_a_later_epoch_moves_the_shard_forward(standing: Store) -> None:
    await apply(standing, following(epoch=3))
    assert await apply(standing, following(epoch=2)) == StaleEpoch(3)


async def test_a_range_that_starts_below_the_watermark_is_behind(standing: Store) -> None:
    answer = await apply(standing, replace(following(), ranges=(Range(PARTITION, 4, 20, NOW),)))
    assert (type(answer), answer.watermarks) == (Behind, {PARTITION: 10})


async def test_a_range_without_a_start_is_behind_where_a_watermark_stands(standing: Store) -> None:
    answer = await apply(standing, replace(following(), ranges=(Range(PARTITION, None, 20, NOW),)))
    assert (type(answer), answer.watermarks) == (Behind, {PARTITION: 10})


async def test_behind_hands_out_what_is_unmarked(standing: Store) -> None:
    answer = await apply(standing, replace(following(), ranges=(Range(PARTITION, 4, 20, NOW),)))
    assert [(facts.account, len(facts.facts), facts.profile) for facts in answer.facts] == [(ACCOUNT, 2, profile(1))]


async def test_a_range_that_starts_above_the_watermark_is_a_gap(standing: Store) -> None:
    answer = await apply(standing, replace(following(), ranges=(Range(PARTITION, 11, 20, NOW),)))
    assert answer == Gap({PARTITION: 10})


async def test_a_range_with_a_start_is_a_gap_where_no_watermark_stands(standing: Store) -> None:
    answer = await apply(standing, replace(following(), ranges=(Range(SECOND_PARTITION, 0, 20, NOW),)))
    assert answer == Gap({SECOND_PARTITION: None})


async def test_a_gap_names_every_partition_of_the_call_and_counts_before_what_is_behind(standing: Store) -> None:
    ranges = (Range(PARTITION, 4, 20, NOW), Range(SECOND_PARTITION, 3, 20, NOW), Range("usage-events/2", None, 1, NOW))
    answer = await apply(standing, replace(following(), ranges=ranges))
    assert answer == Gap({PARTITION: 10, SECOND_PARTITION: None, "usage-events/2": None})


async def test_offsets_are_compared_as_numbers(store: Store) -> None:
    await apply(store, poll(end=9))
    assert await apply(store, poll(start=10, end=11)) == Gap({PARTITION: 9})


async def test_a_lower_version_than_assumed_is_another_profile(standing: Store) -> None:
    batch = replace(following(), accounts=(asked(move(1), profile=profile(2)),))
    assert await apply(standing, batch) == OtherProfiles([ACCOUNT])


async def test_a_higher_version_than_assumed_is_another_profile(standing: Store) -> None:
    await apply(standing, poll(asked(profile=profile(1), change=change(profile(2))), start=10, end=11, epoch=2))
    assert await apply(standing, replace(following(), ranges=())) == OtherProfiles([ACCOUNT])


async def test_every_account_with_another_profile_is_named(standing: Store) -> None:
    accounts = (asked(move(1)), asked(move(1), account=NEIGHBOUR, profile=profile(1)))
    assert await apply(standing, replace(following(), accounts=accounts)) == OtherProfiles([ACCOUNT, NEIGHBOUR])


async def test_an_account_of_which_nothing_is_asked_is_checked_too(standing: Store) -> None:
    assert await apply(standing, replace(following(), accounts=(asked(),))) == OtherProfiles([ACCOUNT])


async def test_an_identity_seen_with_the_same_payload_is_a_duplicate(standing: Store) -> None:
    answer = await apply(standing, following(identities=(identity(8), identity(7))))
    assert answer == Seen({1: False})


async def test_an_identity_seen_with_another_payload_is_a_conflict(standing: Store) -> None:
    answer = await apply(standing, following(identities=(identity(7, b"diff"), identity(8))))
    assert answer == Seen({0: True})


async def test_payloads_are_not_compared_where_that_is_switched_off(kept: Kept) -> None:
    store = kept.another(conflicts=False)
    await apply(store, poll(identities=(identity(7),)))
    assert await apply(store, poll(start=10, end=20, identities=(identity(7, b"diff"),))) == Seen({0: False})


async def test_a_counter_that_would_pass_63_bits_is_full_at_its_level(standing: Store) -> None:
    answer = await apply(standing, following(move(LARGEST)))
    assert answer == Overflow([Full(ACCOUNT, "calls", CALLS, 5)])


async def test_a_counter_that_would_fall_below_63_bits_is_full_as_well(standing: Store) -> None:
    await apply(standing, following(move(-10)))
    answer = await apply(standing, poll(asked(move(-LARGEST), profile=profile(1)), start=20, end=30, epoch=2))
    assert answer == Overflow([Full(ACCOUNT, "calls", CALLS, -5)])


ONE_TOO_MANY: Mapping[str, AccountBatch] = {
    "counter": asked(move(ROOMY + 1)),
    "fallen counter": asked(move(-ROOMY - 1)),
    "day": asked(days=(DayMove("calls", 20_000, Add(ROOMY + 1)),)),
    "quiet hour": asked(hours=(hour_move(480_001, ROOMY + 1, 0),)),
    "firing hour": asked(hours=(hour_move(480_001, 0, -ROOMY - 1),)),
}


@pytest.mark.parametrize("place", ONE_TOO_MANY)
async def test_what_several_events_add_must_leave_room(store: Store, place: str) -> None:
    answer = await apply(store, replace(poll(ONE_TOO_MANY[place]), roomy=True))
    assert isinstance(answer, Overflow)


@pytest.mark.parametrize("place", ONE_TOO_MANY)
async def test_what_one_event_adds_needs_no_room_beside_it(store: Store, place: str) -> None:
    assert isinstance(await apply(store, poll(ONE_TOO_MANY[place])), Applied)


async def test_what_several_events_add_may_end_where_room_begins(store: Store) -> None:
    assert isinstance(await apply(store, replace(poll(asked(move(ROOMY))), roomy=True)), Applied)


async def test_a_stock_that_would_pass_63_bits_is_named_without_a_start(store: Store) -> None:
    assert await apply(store, poll(asked(move(LARGEST + 1, counter=FILES)))) == Overflow(
        [Full(ACCOUNT, "files", FILES, 0)]
    )


async def test_a_day_bucket_can_be_full(store: Store) -> None:
    await apply(store, poll(asked(days=(DayMove("calls", 20_000, Add(9)),))))
    answer = await apply(store, poll(asked(days=(DayMove("calls", 20_000, Add(LARGEST)),)), start=10))
    assert answer == Overflow([Full(ACCOUNT, "calls", Bucket("day", 20_000), 9)])


@pytest.mark.parametrize("part", ["quiet hour", "firing hour"])
async def test_either_part_of_an_hour_bucket_can_be_full(store: Store, part: str) -> None:
    amounts = {"quiet hour": (LARGEST, 3), "firing hour": (-3, LARGEST)}[part]
    await apply(store, poll(asked(hours=(hour_move(480_001, 9, 9),))))
    answer = await apply(store, poll(asked(hours=(hour_move(480_001, *amounts),)), start=10))
    assert answer == Overflow([Full(ACCOUNT, "calls", Bucket(part, 480_001), 9)])


async def test_a_shard_that_is_empty_where_others_are_not_is_lost(kept: Kept) -> None:
    batch = poll(asked(move(1)))
    await kept.lose(batch.shard)
    assert await apply(kept.store, batch) == Lost(batch.shard)


async def test_a_lost_shard_has_no_watermarks(kept: Kept) -> None:
    await kept.lose(0)
    assert await watermarks_of(kept) == {1: {}}


# Each row breaks its own check and every check after it: the order is that of the table.
EVERYTHING_WRONG = poll(asked(move(LARGEST), profile=profile(9)), start=11, end=20, epoch=1, identities=(identity(7),))
ROWS = {
    "an old epoch": (EVERYTHING_WRONG, StaleEpoch),
    "a gap": (replace(EVERYTHING_WRONG, epoch=2), Gap),
    "behind": (replace(EVERYTHING_WRONG, epoch=2, ranges=(Range(PARTITION, 4, 20, NOW),)), Behind),
    "another profile": (replace(EVERYTHING_WRONG, epoch=2, ranges=(Range(PARTITION, 10, 20, NOW),)), OtherProfiles),
    "seen": (following(move(LARGEST), identities=(identity(7), identity(8))), Seen),
    "overflow": (following(move(3, counter=FILES), move(LARGEST), identities=(identity(8),)), Overflow),
}


@pytest.mark.parametrize("row", ROWS)
async def test_checks_are_made_in_the_order_of_the_table(standing: Store, row: str) -> None:
    batch, answer = ROWS[row]
    assert isinstance(await apply(standing, batch), answer)


@pytest.mark.parametrize("row", ROWS)
async def test_nothing_is_written_where_a_check_fails(standing: Store, kept: Kept, row: str) -> None:
    async def everything() -> Sequence[object]:
        accounts = (ACCOUNT, NEIGHBOUR)
        return (
            await kept.inside(),
            await watermarks_of(kept),
            await standing.waiting(),
            await standing.facts(accounts),
            await kept.store.profiles(accounts),
        )

    before = await everything()
    await apply(standing, ROWS[row][0])
    assert await everything() == before


@pytest.mark.parametrize("row", ROWS)
async def test_no_identity_is_claimed_where_a_check_fails(standing: Store, row: str) -> None:
    await apply(standing, ROWS[row][0])
    assert isinstance(await apply(standing, following(identities=(identity(8),))), Applied)


async def test_one_shard_refuses_while_another_applies(store: Store) -> None:
    await apply(store, poll(asked(move(1))))
    answers = await store.apply([poll(asked(move(1))), poll(asked(move(1), account=ELSEWHERE))])
    assert [type(answer) for answer in answers] == [Behind, Applied]


async def test_a_guard_is_kept_where_the_batch_is_refused(store: Store) -> None:
    await guarded(store, 5, Guard(None, 40))
    await apply(store, poll(asked(move(50)), start=11, end=20))
    assert await apply(store, poll(asked(move(1)), start=10, end=20)) == Applied([])
