"""What the accounts of a shard used on a day: each once, exact up to 10,000 of a plan, the same in both stores."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.batches import DayMove
from expansion_signals.model.changes import Add, Replace
from expansion_signals.model.day_used import rounded
from expansion_signals.model.instants import day_of
from expansion_signals.model.looks import DAILY
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.due import RedisDue
from expansion_signals.state.keys import due_member, shard_keys, shard_of
from kept_state import KeptInRedis
from sample_batches import ACCOUNT, NEIGHBOUR, NOW, SHARDS, apply, asked, change, poll, profile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from expansion_signals.model.day_used import DayUsed
    from expansion_signals.ports import Due
    from expansion_signals.state.connection import Connection
    from kept_state import Kept, WholeStore

SHARD = shard_of(ACCOUNT, SHARDS)
TODAY = day_of(NOW)
PLACE = ("free", "calls")


async def uses(store: WholeStore, account: str, plan: str, *days: DayMove) -> None:
    await apply(store, poll(asked(account=account, change=change(profile(1, plan)), days=days, look=NOW), ranges=()))


def names(count: int) -> Sequence[str]:
    """Return the names of so many accounts of the shard."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        number += 1
        if shard_of(f"many-{number}", SHARDS) == SHARD:
            found.append(f"many-{number}")
    return found


async def use(store: WholeStore, amounts: Mapping[str, int]) -> None:
    """Let each of these accounts use so much today."""
    waiting = [
        asked(
            account=account,
            change=change(profile(1)),
            days=[DayMove("calls", TODAY, Add(amount))] if amount else [],
            look=NOW,
        )
        for account, amount in amounts.items()
    ]
    for place in range(0, len(waiting), 1_000):
        await apply(store, poll(*waiting[place : place + 1_000], ranges=()))


async def summed(due: Due, day: int = TODAY) -> DayUsed | None:
    while not await due.sum_up(SHARD, day):
        pass
    return await due.used(SHARD)


async def test_a_shard_sums_up_what_its_accounts_used_on_a_day(kept: Kept, store: WholeStore) -> None:
    await uses(store, ACCOUNT, "free", DayMove("calls", TODAY, Add(5)), DayMove("calls", TODAY - 1, Add(50)))
    await uses(store, NEIGHBOUR, "free", DayMove("calls", TODAY, Add(3)), DayMove("files", TODAY, Add(-1)))
    assert await summed(kept.due) == (TODAY, {"free": 2}, {PLACE: {3: 1, 5: 1}})


async def test_accounts_that_used_as_much_are_counted(kept: Kept, store: WholeStore) -> None:
    for account in (ACCOUNT, NEIGHBOUR):
        await uses(store, account, "free", DayMove("calls", TODAY, Add(2**62)), DayMove("seats", TODAY, Add(2)))
    assert await summed(kept.due) == (TODAY, {"free": 2}, {PLACE: {2**62: 2}, ("free", "seats"): {2: 2}})


async def test_what_a_bucket_holds_besides_its_amount_is_left_out(kept: Kept, store: WholeStore) -> None:
    await uses(store, ACCOUNT, "free", DayMove("stored", TODAY, Replace(7, NOW, 3)))
    assert await summed(kept.due) == (TODAY, {"free": 1}, {("free", "stored"): {7: 1}})


async def test_accounts_that_used_nothing_count_for_their_plan(kept: Kept, store: WholeStore) -> None:
    await uses(store, ACCOUNT, "free", DayMove("calls", TODAY - 1, Add(5)))
    await uses(store, NEIGHBOUR, "pro")
    assert await summed(kept.due) == (TODAY, {"free": 1, "pro": 1}, {})


async def test_names_of_plans_may_hold_anything(kept: Kept, store: WholeStore) -> None:
    await uses(store, ACCOUNT, 'a|"b": {c} ü', DayMove("calls", TODAY, Add(5)))
    assert await summed(kept.due) == (TODAY, {'a|"b": {c} ü': 1}, {('a|"b": {c} ü', "calls"): {5: 1}})


async def test_an_account_without_a_profile_counts_for_no_plan(kept: Kept, store: WholeStore) -> None:
    await apply(store, poll(asked(days=[DayMove("calls", TODAY, Add(5))], look=NOW), ranges=()))
    assert await summed(kept.due) == (TODAY, {}, {})


async def test_a_shard_without_accounts_has_a_sum_too(kept: Kept) -> None:
    assert await summed(kept.due) == (TODAY, {}, {})


async def test_shards_that_never_summed_up_are_missing(kept: Kept) -> None:
    await summed(kept.due)
    elsewhere = next(shard for shard in range(SHARDS) if shard != SHARD)
    days = [TODAY if shard == SHARD else None for shard in range(SHARDS)]
    assert (list(await kept.due.summed_up()), await kept.due.used(elsewhere)) == (days, None)


async def test_a_day_that_is_summed_up_stays_as_it_is_until_a_later_one(kept: Kept, store: WholeStore) -> None:
    await summed(kept.due)
    await uses(store, ACCOUNT, "free")
    stood = [await summed(kept.due, day) for day in (TODAY, TODAY - 1)]
    assert (stood, await summed(kept.due, TODAY + 1)) == ([(TODAY, {}, {})] * 2, (TODAY + 1, {"free": 1}, {}))


async def test_what_was_summed_up_is_lost_with_its_shard(kept: Kept) -> None:
    await summed(kept.due)
    await kept.lose(SHARD)
    assert list(await kept.due.summed_up()) == [None] * SHARDS


@pytest.mark.parametrize(("accounts", "exact"), [(10_000, True), (10_001, False)])
async def test_each_account_counts_once_and_up_to_ten_thousand_exactly(
    kept: Kept, store: WholeStore, accounts: int, *, exact: bool
) -> None:
    amounts = {name: 1_000 + place for place, name in enumerate(names(accounts))}
    await use(store, amounts)
    counts = Counter(amount if exact else rounded(amount) for amount in amounts.values())
    assert await summed(kept.due) == (TODAY, {"free": accounts}, {PLACE: counts})


@pytest.fixture
async def client(redis_url: str, prefix: str) -> AsyncIterator[Connection]:
    """A client of a deployment in Redis, which is summed up in steps."""
    client = connect(redis_url)
    await Deployment(client, prefix=prefix, shards=SHARDS).open()
    yield client
    await client.aclose()


async def test_a_shard_of_more_accounts_than_are_remembered_counts_each_once(client: Connection, prefix: str) -> None:
    due = RedisDue(client, prefix=prefix, shards=SHARDS, remembered=500)
    store = KeptInRedis(client, prefix, SHARDS).store
    await use(store, {name: place for place, name in enumerate(names(4_000))})
    assert await summed(due) == (TODAY, {"free": 4_000}, {PLACE: dict.fromkeys(range(1, 4_000), 1)})


async def test_looks_that_go_meanwhile_make_no_account_count_twice(client: Connection, prefix: str) -> None:
    # A walk meets members again once the sorted set has shrunk, in about one of ten cases.
    kept, looks = KeptInRedis(client, prefix, SHARDS), shard_keys(prefix, SHARD).due
    await use(kept.store, dict.fromkeys(names(500), 0))
    going = dict.fromkeys((due_member(f"unknown-{number}", DAILY) for number in range(7_500)), NOW)
    found = []
    for day in range(TODAY, TODAY + 40):
        await client.zadd(looks, going)
        for _ in range(1 + day % 6):
            assert not await kept.due.sum_up(SHARD, day)
        await client.zrem(looks, *going)
        found.append(await summed(kept.due, day))
    assert found == [(day, {"free": 500}, {}) for day in range(TODAY, TODAY + 40)]


async def test_two_workers_that_sum_up_the_same_shard_keep_the_same(client: Connection, prefix: str) -> None:
    kept, another = KeptInRedis(client, prefix, SHARDS), RedisDue(client, prefix=prefix, shards=SHARDS)
    await use(kept.store, dict.fromkeys(names(2_500), 7))
    assert not await another.sum_up(SHARD, TODAY)
    found = [await summed(kept.due), await summed(another)]
    assert found == [(TODAY, {"free": 2_500}, {PLACE: {7: 2_500}})] * 2


async def test_a_worker_begins_anew_with_the_next_day(client: Connection, prefix: str) -> None:
    kept = KeptInRedis(client, prefix, SHARDS)
    await use(kept.store, dict.fromkeys(names(2_500), 7))
    assert not await kept.due.sum_up(SHARD, TODAY)
    assert await summed(kept.due, TODAY + 1) == (TODAY + 1, {"free": 2_500}, {})
