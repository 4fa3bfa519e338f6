"""Old identities are forgotten, judged by the append time reached in every partition (semantics 1.3, 2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.batches import Range
from expansion_signals.model.instants import DAY, HOUR, hour_of
from sample_batches import NOW, PARTITION, SECOND_PARTITION, SHARDS, apply, identity, poll

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.ports import Store
    from kept_state import Kept

TOPIC = PARTITION.partition("/")[0]
LONG = 3 * DAY
IDS = [None, hour_of(NOW)]


async def remember(store: Store, hour: int | None) -> None:
    await apply(store, poll(identities=(identity(1, hour=hour),)))


async def reach(store: Store, *partitions: tuple[str, int | None, Instant]) -> None:
    ranges = [Range(partition, start, 20, reached) for partition, start, reached in partitions]
    await apply(store, poll(ranges=ranges, nonce="later"))


async def forgotten(kept: Kept) -> int:
    expiry = kept.expiry()
    return sum([await expiry.next_shard(TOPIC) for _ in range(SHARDS)])


@pytest.mark.parametrize("hour", IDS)
async def test_an_identity_is_forgotten_once_nothing_to_come_can_ask_for_it(kept: Kept, hour: int | None) -> None:
    await remember(kept.store, hour)
    await reach(kept.store, (PARTITION, 10, NOW + LONG))
    assert await forgotten(kept) == 1


@pytest.mark.parametrize("hour", IDS)
async def test_an_identity_is_kept_within_the_window(kept: Kept, hour: int | None) -> None:
    await remember(kept.store, hour)
    await reach(kept.store, (PARTITION, 10, NOW + DAY - HOUR))
    assert await forgotten(kept) == 0


async def test_a_partition_that_lags_holds_everything_back(kept: Kept) -> None:
    await remember(kept.store, None)
    await reach(kept.store, (PARTITION, 10, NOW + LONG), (SECOND_PARTITION, None, NOW))
    assert await forgotten(kept) == 0


async def test_a_partition_that_has_told_no_append_time_holds_everything_back(kept: Kept) -> None:
    await remember(kept.store, None)
    await reach(kept.store, (PARTITION, 10, NOW + LONG), (SECOND_PARTITION, None, 0))
    assert await forgotten(kept) == 0


@pytest.mark.parametrize("hour", IDS)
async def test_a_forgotten_identity_is_new_again_even_to_a_worker_that_knew_it(kept: Kept, hour: int | None) -> None:
    await remember(kept.store, hour)
    await reach(kept.store, (PARTITION, 10, NOW + LONG))
    await forgotten(kept)
    late = NOW + LONG
    again = identity(1, hour=hour and hour_of(late), appended=late)
    assert not hasattr(await apply(kept.store, poll(start=20, end=30, identities=(again,))), "conflicts")


async def test_nothing_is_left_of_what_was_forgotten(kept: Kept) -> None:
    await remember(kept.store, None)
    before = await forgotten(kept)
    await reach(kept.store, (PARTITION, 10, NOW + LONG))
    assert (before, await forgotten(kept), await forgotten(kept)) == (0, 1, 0)
