"""Counters, buckets, tallies and watermarks: whole numbers, exact to the last unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.batches import Applied, DayMove, Range
from expansion_signals.model.changes import Add
from expansion_signals.model.facts import HourTotals, Marks
from expansion_signals.model.instants import HOUR, day_of
from expansion_signals.model.readings import Counter
from kept_state import watermarks_of
from sample_batches import (
    ACCOUNT,
    CALLS,
    ELSEWHERE,
    FILES,
    NEIGHBOUR,
    NOVEMBER,
    NOW,
    OCTOBER,
    OPEN,
    PARTITION,
    SECOND_PARTITION,
    apply,
    asked,
    facts_of,
    hour_move,
    mark,
    move,
    poll,
)

if TYPE_CHECKING:
    from expansion_signals.ports import Accounts, Store
    from kept_state import Kept

BIG = [2**53 - 1, 2**53 + 1, 10**9, 10**9 - 1, 10**15, 10**18, 2**62 + 1, LARGEST - 1, LARGEST]
OLD = Counter("calls", "", OCTOBER)


async def level_after(kept: Kept, *amounts: int) -> int:
    for place, amount in enumerate(amounts):
        batch = poll(asked(move(amount)), start=10 * place or None, end=10 * (place + 1))
        assert isinstance(await apply(kept.store, batch), Applied)
    return (await kept.inside()).levels[ACCOUNT, CALLS]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("amount", BIG)
async def test_a_level_is_exact_up_to_63_bits(kept: Kept, amount: int, sign: int) -> None:
    assert await level_after(kept, sign * amount) == sign * amount


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("amount", BIG)
async def test_a_level_comes_back_across_zero(kept: Kept, amount: int, sign: int) -> None:
    assert await level_after(kept, sign * amount, -sign * 3, -sign * (amount - 4)) == sign


@pytest.mark.parametrize("amount", BIG)
async def test_the_two_parts_of_a_move_may_cancel_each_other(kept: Kept, amount: int) -> None:
    await apply(kept.store, poll(asked(move(-amount, quiet=amount - 1))))
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): -1}


async def test_a_sum_may_be_negative(kept: Kept) -> None:
    assert await level_after(kept, 3, -8) == -5


@given(amounts=st.lists(st.integers(-LARGEST, LARGEST).filter(bool), min_size=2, max_size=6))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_levels_and_any_parts_are_added_exactly(kept: Kept, amounts: list[int]) -> None:
    marks = await watermarks_of(kept)
    level = (await kept.inside()).levels.get((ACCOUNT, CALLS), 0)
    start = marks[1].get(PARTITION)
    for amount in amounts:
        # What would not fit goes the other way, so that each step can be taken.
        step = amount if abs(level + amount) <= LARGEST else -amount
        quiet, level = step // 3, level + step
        end = (start or 0) + 1
        assert isinstance(
            await apply(kept.store, poll(asked(move(step - quiet, quiet=quiet)), start=start, end=end)), Applied
        )
        start = end
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): level}


async def test_accounts_meters_and_periods_are_counted_apart(kept: Kept) -> None:
    december = Counter("calls", "", NOVEMBER + 30 * 86_400_000_000)
    europe = Counter("calls", "europe", NOVEMBER)
    mine = [move(n + 1, counter=counter) for n, counter in enumerate((CALLS, FILES, december, europe))]
    await apply(kept.store, poll(asked(*mine), asked(move(9), account=NEIGHBOUR)))
    assert (await kept.inside()).levels == {
        (ACCOUNT, CALLS): 1,
        (ACCOUNT, FILES): 2,
        (ACCOUNT, december): 3,
        (ACCOUNT, europe): 4,
        (NEIGHBOUR, CALLS): 9,
    }


async def test_a_period_may_start_within_a_second(kept: Kept) -> None:
    odd = Counter("calls", "", NOVEMBER + 1_234)
    facts = await facts_of(kept.store, poll(asked(move(1, counter=odd))))
    assert facts.facts[0].counter == odd


async def test_counters_of_periods_long_closed_go_when_a_new_one_comes(kept: Kept) -> None:
    facts = await facts_of(kept.store, poll(asked(move(5, counter=OLD), move(1, counter=FILES))))
    await kept.store.mark([mark(facts, Marks(9), OPEN)])
    await apply(kept.store, poll(asked(move(1, keep_from=NOVEMBER)), start=10))
    inside = await kept.inside()
    assert (set(inside.levels), set(inside.guards), set(inside.marks)) == (
        {(ACCOUNT, CALLS), (ACCOUNT, FILES)},
        {(ACCOUNT, FILES)},
        {(ACCOUNT, FILES)},
    )


async def test_a_counter_that_begins_where_counters_are_kept_from_stays(kept: Kept) -> None:
    await apply(kept.store, poll(asked(move(5, counter=OLD))))
    await apply(kept.store, poll(asked(move(1, keep_from=OCTOBER)), start=10))
    assert set((await kept.inside()).levels) == {(ACCOUNT, CALLS), (ACCOUNT, OLD)}


async def test_nothing_goes_where_no_counter_is_new(kept: Kept) -> None:
    await apply(kept.store, poll(asked(move(5, counter=OLD), move(1))))
    await apply(kept.store, poll(asked(move(1, keep_from=NOVEMBER)), start=10))
    assert set((await kept.inside()).levels) == {(ACCOUNT, CALLS), (ACCOUNT, OLD)}


async def test_what_goes_of_a_meter_leaves_every_other_meter(kept: Kept) -> None:
    other = Counter("other", "", OCTOBER)
    await apply(kept.store, poll(asked(move(5, counter=OLD), move(6, counter=other))))
    await apply(kept.store, poll(asked(move(1, keep_from=NOVEMBER)), start=10))
    assert set((await kept.inside()).levels) == {(ACCOUNT, CALLS), (ACCOUNT, other)}


async def test_counters_of_the_hours_of_a_meter_go_one_by_one(kept: Kept) -> None:
    hours = [Counter("calls", "", NOVEMBER + n * HOUR) for n in range(6)]
    for n, each in enumerate(hours):
        keep_from = NOVEMBER + (n - 2) * HOUR
        batch = poll(asked(move(1, counter=each, keep_from=keep_from)), start=10 * n or None, end=10 * n + 10)
        assert isinstance(await apply(kept.store, batch), Applied)
    assert set((await kept.inside()).levels) == {(ACCOUNT, each) for each in hours[-3:]}


@pytest.mark.parametrize("order", [1, -1])
async def test_an_old_counter_that_moves_in_the_same_call_stays(kept: Kept, order: int) -> None:
    facts = await facts_of(kept.store, poll(asked(move(5, counter=OLD))))
    await kept.store.mark([mark(facts, Marks(9), OPEN)])
    moves = [move(2, counter=OLD), move(1, keep_from=NOVEMBER)][::order]
    await apply(kept.store, poll(asked(*moves), start=10))
    inside = await kept.inside()
    assert (inside.levels[ACCOUNT, OLD], inside.marks) == (7, {(ACCOUNT, OLD): Marks(9)})


async def made_while(kept: Kept, *reached: tuple[str, int]) -> bool:
    """Make a new counter at NOW where partitions have reached these times; say whether the old one stayed."""
    await apply(kept.store, poll(asked(move(5, counter=OLD))))
    told = tuple(Range(partition, None, 5, time) for partition, time in reached)
    await apply(kept.store, replace(poll(), ranges=told))
    await apply(kept.store, poll(asked(move(1, keep_from=NOVEMBER)), start=10))
    return (ACCOUNT, OLD) in (await kept.inside()).levels


async def test_old_counters_stay_while_a_partition_lags(kept: Kept) -> None:
    assert await made_while(kept, (SECOND_PARTITION, NOW - HOUR - 1))


async def test_old_counters_go_where_a_partition_is_an_hour_behind(kept: Kept) -> None:
    assert not await made_while(kept, (SECOND_PARTITION, NOW - HOUR))


async def test_a_partition_of_another_topic_does_not_lag(kept: Kept) -> None:
    assert not await made_while(kept, ("account-updates/0", NOW - 30 * HOUR))


async def test_a_partition_that_has_told_no_time_does_not_lag(kept: Kept) -> None:
    assert not await made_while(kept, (SECOND_PARTITION, 0))


async def test_the_only_partition_does_not_lag_behind_itself_after_a_silent_night(kept: Kept) -> None:
    long_ago = Range(PARTITION, None, 10, NOW - 9 * HOUR)
    await apply(kept.store, replace(poll(asked(move(5, counter=OLD))), ranges=(long_ago,)))
    await apply(kept.store, poll(asked(move(1, keep_from=NOVEMBER)), start=10))
    assert set((await kept.inside()).levels) == {(ACCOUNT, CALLS)}


async def test_a_partition_of_the_same_call_may_lag(kept: Kept) -> None:
    await apply(kept.store, poll(asked(move(5, counter=OLD))))
    ranges = (Range(PARTITION, 10, 20, NOW), Range(SECOND_PARTITION, None, 5, NOW - 2 * HOUR))
    await apply(kept.store, replace(poll(asked(move(1, keep_from=NOVEMBER))), ranges=ranges))
    assert (ACCOUNT, OLD) in (await kept.inside()).levels


async def test_counters_that_a_lag_has_kept_go_with_the_next_one_made(kept: Kept) -> None:
    december = Counter("calls", "", NOVEMBER + 30 * 24 * HOUR)
    assert await made_while(kept, (SECOND_PARTITION, NOW - 2 * HOUR))
    ranges = (Range(PARTITION, 10, 20, NOW), Range(SECOND_PARTITION, 5, 9, NOW))
    await apply(kept.store, replace(poll(asked(move(1, counter=december, keep_from=NOVEMBER))), ranges=ranges))
    assert set((await kept.inside()).levels) == {(ACCOUNT, CALLS), (ACCOUNT, december)}


async def test_day_buckets_add_up_apart_by_account_meter_and_day(kept: Kept) -> None:
    today = day_of(NOW)
    days = (
        DayMove("calls", today, Add(3)),
        DayMove("files", today, Add(4)),
        DayMove("calls", today - 40, Add(LARGEST)),
    )
    await apply(kept.store, poll(asked(days=days), asked(account=NEIGHBOUR, days=days[:1])))
    await apply(kept.store, poll(asked(days=(DayMove("calls", today, Add(-5)),)), start=10, end=20))
    assert (await kept.inside()).days == {
        (ACCOUNT, "calls", today): -2,
        (ACCOUNT, "files", today): 4,
        (ACCOUNT, "calls", today - 40): LARGEST,
        (NEIGHBOUR, "calls", today): 3,
    }


async def test_hour_buckets_keep_what_may_fire_apart_from_what_may_not(store: Accounts) -> None:
    hour = NOW // 3_600_000_000
    await apply(store, poll(asked(hours=(hour_move(hour, 3, 4), hour_move(hour + 24, firing=1, meter="files")))))
    await apply(store, poll(asked(hours=(hour_move(hour, -1, 2), hour_move(hour - 1, 5))), start=10, end=20))
    revision, days, totals = await store.hours(ACCOUNT) or HourTotals("", (), {})
    assert (revision, list(days), dict(totals)) == (
        "n20",
        [hour // 24, hour // 24 + 1],
        {
            ("calls", hour): (Add(2), Add(6)),
            ("files", hour + 24): (None, Add(1)),
            ("calls", hour - 1): (Add(5), None),
        },
    )


async def test_an_account_without_hour_buckets_has_none(store: Accounts) -> None:
    assert await store.hours(ACCOUNT) is None


async def test_tallies_add_up_over_calls_and_shards(kept: Kept) -> None:
    ranges = (Range(PARTITION, None, 10, NOW, 1, 2, 3, 4), Range(SECOND_PARTITION, None, 5, NOW, 5))
    await kept.store.apply([replace(poll(), ranges=ranges), replace(poll(asked(account=ELSEWHERE)), ranges=ranges)])
    await apply(kept.store, replace(poll(), ranges=(Range(PARTITION, 10, 20, NOW, 10, 0, 0, 10),)))
    assert await kept.store.tallies() == {
        PARTITION: {"counted": 12, "duplicate": 4, "unmatched": 6, "dead_lettered": 18},
        SECOND_PARTITION: {"counted": 10, "duplicate": 0, "unmatched": 0, "dead_lettered": 0},
    }


async def test_watermarks_stand_by_shard_and_partition(kept: Kept) -> None:
    await apply(kept.store, poll(end=10))
    ranges = (Range(PARTITION, 10, 25, 0), Range(SECOND_PARTITION, None, 2**52, 0))
    await apply(kept.store, replace(poll(), ranges=ranges))
    assert await watermarks_of(kept) == {0: {}, 1: {PARTITION: 25, SECOND_PARTITION: 2**52}}


async def test_asking_for_nothing_answers_nothing(store: Store) -> None:
    assert await store.apply([]) == []
