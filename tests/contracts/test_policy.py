"""What is decided is kept the same way by both policy stores."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.decided import Decided, Entry, Key, Reservation, Reserved, ShardReservation
from expansion_signals.model.batches import Applied, Behind, Gap, Lost, Range, ShardBatch
from expansion_signals.model.instants import HOUR
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory_policy import MemoryPolicy
from expansion_signals.state.policy import RedisPolicy
from kept_state import KeptInRedis, watermarks_of
from sample_batches import ACCOUNT, ELSEWHERE, NEIGHBOUR, NOW, PARTITION, SECOND_PARTITION, SHARDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.ports import PolicyStore, Store
    from kept_state import Kept

HERE, THERE = shard_of(ACCOUNT, SHARDS), shard_of(ELSEWHERE, SHARDS)
UNTIL = NOW // HOUR * HOUR
PLAIN, OTHER = Key("0123456789abcdef"), Key("fedcba9876543210")
FIRST, SECOND = "t1", "t2"
ENTRY = Entry("fired", "01234567", "3:17", UNTIL)


@pytest.fixture
def policy(kept: Kept) -> PolicyStore:
    if isinstance(kept, KeptInRedis):
        return RedisPolicy(kept._client, prefix=kept._prefix, shards=SHARDS)
    return MemoryPolicy(kept.store, shards=SHARDS)


def added(entries: Mapping[Key, Entry], *forgotten: Key, revision: int = 0, account: str = ACCOUNT) -> Reservation:
    return Reservation(account, revision, entries, forgotten)


async def reserve(
    policy: PolicyStore,
    *reservations: Reservation,
    stand: Mapping[str, int | None] | None = None,
    **tokens: str,
) -> object:
    (answer,) = await policy.reserve([ShardReservation(HERE, stand or {PARTITION: None}, reservations, **tokens)])
    return answer


async def decided(policy: PolicyStore, account: str = ACCOUNT) -> Decided:
    return (await policy.decided([account]))[account]


async def passed(store: Store, end: int, *, start: int | None = None, partition: str = PARTITION) -> None:
    """Move a partition's watermark in the shard."""
    (answer,) = await store.apply([ShardBatch(HERE, 1, f"{partition}{end}", (Range(partition, start, end, NOW),))])
    assert isinstance(answer, Applied)


# ------------------------------------------------------------------------------------------ remembered


async def test_of_an_account_never_seen_nothing_is_decided(policy: PolicyStore) -> None:
    assert await decided(policy) == Decided()


async def test_what_is_decided_is_asked_of_no_account_too(policy: PolicyStore) -> None:
    assert await policy.decided([]) == {}


async def test_a_reservation_is_remembered(policy: PolicyStore) -> None:
    assert await reserve(policy, added({PLAIN: ENTRY})) == Reserved([])
    assert await decided(policy) == Decided(1, {PLAIN: ENTRY})


@pytest.mark.parametrize("verdict", ["fired", "suppressed", "held", "superseded", "already_past"])
async def test_every_verdict_is_remembered(policy: PolicyStore, verdict: str) -> None:
    entry = ENTRY._replace(verdict=verdict)
    await reserve(policy, added({PLAIN: entry}))
    assert (await decided(policy)).entries == {PLAIN: entry}


@pytest.mark.parametrize("step", ["1200", "0.5", "9223372036854775807", "9223372036.854775807", "100"])
async def test_a_step_is_remembered_to_its_last_digit(policy: PolicyStore, step: str) -> None:
    key = Key(PLAIN.series, Decimal(step))
    await reserve(policy, added({key: ENTRY}))
    assert (await decided(policy)).entries == {key: ENTRY}


async def test_the_steps_of_a_series_are_remembered_apart(policy: PolicyStore) -> None:
    steps = {Key(PLAIN.series, Decimal(each)): ENTRY for each in ("1000", "2000")} | {PLAIN: ENTRY}
    await reserve(policy, added(steps))
    assert (await decided(policy)).entries == steps


async def test_entries_survive_a_later_reservation(policy: PolicyStore) -> None:
    await reserve(policy, added({PLAIN: ENTRY}))
    await reserve(policy, added({OTHER: ENTRY}, revision=1))
    assert await decided(policy) == Decided(2, {PLAIN: ENTRY, OTHER: ENTRY})


async def test_forgotten_entries_go(policy: PolicyStore) -> None:
    await reserve(policy, added({PLAIN: ENTRY, Key(PLAIN.series, Decimal(1000)): ENTRY}))
    await reserve(policy, added({OTHER: ENTRY}, PLAIN, Key(PLAIN.series, Decimal(1000)), revision=1))
    assert (await decided(policy)).entries == {OTHER: ENTRY}


async def test_accounts_of_one_shard_are_kept_apart(policy: PolicyStore) -> None:
    await reserve(policy, added({PLAIN: ENTRY}), added({OTHER: ENTRY}, account=NEIGHBOUR))
    assert await policy.decided([NEIGHBOUR, ACCOUNT]) == {
        NEIGHBOUR: Decided(1, {OTHER: ENTRY}),
        ACCOUNT: Decided(1, {PLAIN: ENTRY}),
    }


async def test_an_account_of_any_letters_is_remembered(policy: PolicyStore) -> None:
    account = next(
        name for name in map("Müller & {0} 株式会社 %d".__mod__, range(20)) if shard_of(name, SHARDS) == HERE
    )
    await reserve(policy, added({PLAIN: ENTRY}, account=account))
    assert (await decided(policy, account)).entries == {PLAIN: ENTRY}


async def test_a_long_backlog_of_one_account_is_remembered_whole(policy: PolicyStore) -> None:
    steps = {Key(PLAIN.series, Decimal(each)): ENTRY for each in range(5_000)}
    await reserve(policy, added(steps))
    await reserve(policy, added({OTHER: ENTRY}, *steps, revision=1))
    assert await decided(policy) == Decided(2, {OTHER: ENTRY})


# --------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize("revision", [0, 2])
async def test_a_reservation_made_on_another_revision_is_refused(policy: PolicyStore, revision: int) -> None:
    await reserve(policy, added({PLAIN: ENTRY}))
    assert await reserve(policy, added({OTHER: ENTRY}, revision=revision)) == Reserved([ACCOUNT])


async def test_of_a_refused_reservation_nothing_is_remembered(policy: PolicyStore) -> None:
    await reserve(policy, added({PLAIN: ENTRY}))
    await reserve(policy, added({OTHER: ENTRY}, PLAIN, revision=0))
    assert await decided(policy) == Decided(1, {PLAIN: ENTRY})


async def test_what_is_refused_of_one_account_is_remembered_of_another(policy: PolicyStore) -> None:
    await reserve(policy, added({PLAIN: ENTRY}))
    answer = await reserve(policy, added({OTHER: ENTRY}), added({OTHER: ENTRY}, account=NEIGHBOUR))
    assert (answer, (await decided(policy, NEIGHBOUR)).entries) == (Reserved([ACCOUNT]), {OTHER: ENTRY})


# ------------------------------------------------------------------------------------------ watermarks


async def test_where_nothing_is_to_be_remembered_the_watermarks_are_looked_at_all_the_same(
    policy: PolicyStore, store: Store
) -> None:
    await passed(store, 10)
    assert (await reserve(policy, stand={PARTITION: 10}), await reserve(policy, stand={PARTITION: None})) == (
        Reserved([]),
        Behind({PARTITION: 10}),
    )


async def test_a_shard_that_stands_higher_says_where_because_another_worker_was_faster(
    policy: PolicyStore, store: Store
) -> None:
    await passed(store, 20)
    assert await reserve(policy, added({PLAIN: ENTRY}), stand={PARTITION: 10}) == Behind({PARTITION: 20})


async def test_a_shard_that_stands_lower_says_where_because_it_lost_what_was_decided(
    policy: PolicyStore, store: Store
) -> None:
    await passed(store, 10)
    assert await reserve(policy, added({PLAIN: ENTRY}), stand={PARTITION: 20}) == Gap({PARTITION: 10})


async def test_a_shard_without_the_watermark_it_had_has_lost_it(policy: PolicyStore) -> None:
    assert await reserve(policy, added({PLAIN: ENTRY}), stand={PARTITION: 20}) == Gap({PARTITION: None})


async def test_offsets_are_compared_as_numbers(policy: PolicyStore, store: Store) -> None:
    await passed(store, 9)
    assert await reserve(policy, stand={PARTITION: 10}) == Gap({PARTITION: 9})


async def test_a_loss_in_one_partition_outweighs_an_advance_in_another(policy: PolicyStore, store: Store) -> None:
    await passed(store, 20)
    await passed(store, 5, partition=SECOND_PARTITION)
    assert await reserve(policy, stand={PARTITION: 10, SECOND_PARTITION: 10}) == Gap(
        {PARTITION: 20, SECOND_PARTITION: 5}
    )


@pytest.mark.parametrize("believed", [None, 5, 20])
async def test_where_the_watermarks_stand_elsewhere_nothing_is_remembered(
    policy: PolicyStore, store: Store, believed: int | None
) -> None:
    await passed(store, 10)
    await reserve(policy, added({PLAIN: ENTRY}), stand={PARTITION: believed})
    assert await decided(policy) == Decided()


async def test_a_lost_shard_says_so(policy: PolicyStore, kept: Kept) -> None:
    await kept.lose(HERE)
    assert await reserve(policy, added({PLAIN: ENTRY})) == Lost(HERE)


async def test_each_shard_answers_for_itself(policy: PolicyStore, store: Store) -> None:
    await passed(store, 10)
    asked: Sequence[ShardReservation] = [
        ShardReservation(HERE, {PARTITION: 20}, [added({PLAIN: ENTRY})]),
        ShardReservation(THERE, {PARTITION: None}, [added({PLAIN: ENTRY}, account=ELSEWHERE)]),
    ]
    assert await policy.reserve(asked) == [Gap({PARTITION: 10}), Reserved([])]


# ---------------------------------------------------------------------------------------------- tokens


async def passed_with(store: Store, token: str, start: int | None = None) -> object:
    """Pass a partition's records, for which this was reserved."""
    passes = Range(PARTITION, start, 10, NOW, reserved=token)
    (answer,) = await store.apply([ShardBatch(HERE, 1, "passing", (passes,))])
    return answer


async def test_records_pass_where_what_was_reserved_for_them_stands(policy: PolicyStore, store: Store) -> None:
    await reserve(policy, added({PLAIN: ENTRY}), token=FIRST)
    assert await passed_with(store, FIRST) == Applied([])


async def test_a_roll_back_between_reserving_and_passing_is_a_gap(policy: PolicyStore, kept: Kept) -> None:
    await kept.back_up(HERE)
    await reserve(policy, added({PLAIN: ENTRY}), token=FIRST)
    await kept.roll_back(HERE)
    assert await passed_with(kept.store, FIRST) == Gap({PARTITION: None})


async def test_what_another_worker_has_reserved_for_the_same_records_is_a_gap(
    policy: PolicyStore, store: Store
) -> None:
    await reserve(policy, added({PLAIN: ENTRY}), token=FIRST)
    await reserve(policy, token=SECOND)
    assert await passed_with(store, FIRST) == Gap({PARTITION: None})


async def test_a_gap_of_a_token_writes_nothing(policy: PolicyStore, store: Store, kept: Kept) -> None:
    await reserve(policy, added({PLAIN: ENTRY}), token=FIRST)
    await passed_with(store, SECOND)
    assert await watermarks_of(kept) == {HERE: {}, THERE: {}}


async def test_where_nothing_was_reserved_no_token_is_asked_for(policy: PolicyStore, store: Store) -> None:
    await reserve(policy, token=FIRST)
    assert await passed_with(store, "") == Applied([])


async def test_a_reservation_that_was_refused_leaves_its_token_all_the_same(policy: PolicyStore, store: Store) -> None:
    assert await reserve(policy, added({PLAIN: ENTRY}, revision=7), token=FIRST) == Reserved([ACCOUNT])
    assert await passed_with(store, FIRST) == Applied([])


async def test_a_second_call_for_the_same_records_finds_the_token_of_the_first(policy: PolicyStore) -> None:
    await reserve(policy, added({PLAIN: ENTRY}), token=FIRST)
    assert await reserve(policy, added({OTHER: ENTRY}, revision=1), token=FIRST, earlier=FIRST) == Reserved([])


async def test_a_roll_back_between_two_calls_for_the_same_records_is_a_gap(policy: PolicyStore, kept: Kept) -> None:
    await kept.back_up(HERE)
    await reserve(policy, added({PLAIN: ENTRY}), token=FIRST)
    await kept.roll_back(HERE)
    answer = await reserve(policy, added({OTHER: ENTRY}), token=FIRST, earlier=FIRST)
    assert (answer, OTHER in (await decided(policy)).entries) == (Gap({PARTITION: None}), False)


# ---------------------------------------------------------------------------------------- adding nothing


async def test_a_reservation_that_adds_nothing_changes_nothing(policy: PolicyStore) -> None:
    await reserve(policy, added({PLAIN: ENTRY}))
    await reserve(policy, added({}, revision=1))
    assert await decided(policy) == Decided(1, {PLAIN: ENTRY})


async def test_a_reservation_that_adds_nothing_is_refused_where_what_answered_it_is_gone(policy: PolicyStore) -> None:
    assert await reserve(policy, added({}, revision=1)) == Reserved([ACCOUNT])
