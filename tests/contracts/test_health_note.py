"""Both policy stores leave the health of an account in the note that conditions of metering ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.decided import Reservation, Reserved, ShardReservation
from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.notes import HEALTH, Note
from expansion_signals.state.keys import shard_of
from expansion_signals.state.memory_policy import MemoryPolicy
from expansion_signals.state.policy import RedisPolicy
from kept_state import KeptInRedis
from sample_batches import ACCOUNT, PARTITION, SHARDS

if TYPE_CHECKING:
    from expansion_signals.ports import PolicyStore
    from kept_state import Kept


@pytest.fixture
def policy(kept: Kept) -> PolicyStore:
    if isinstance(kept, KeptInRedis):
        return RedisPolicy(kept._client, prefix=kept._prefix, shards=SHARDS)
    return MemoryPolicy(kept.store, shards=SHARDS)


async def reserved(policy: PolicyStore, health: int | None, *, revision: int = 0) -> object:
    score = 0 if health is None else health
    remembered = Remembered().with_health({"score": score, "band": "moderate", "at": revision})
    asked = Reservation(ACCOUNT, revision, {}, remembered=remembered, health=health)
    (answer,) = await policy.reserve([ShardReservation(shard_of(ACCOUNT, SHARDS), {PARTITION: None}, [asked])])
    return answer


async def note(kept: Kept) -> Note:
    return (await kept.store.notes([(ACCOUNT, HEALTH)]))[ACCOUNT, HEALTH]


async def test_health_is_left_with_the_reservation(kept: Kept, policy: PolicyStore) -> None:
    assert await reserved(policy, 72) == Reserved([])
    assert await note(kept) == Note(1, "72")


async def test_another_health_takes_its_place_under_the_next_revision(kept: Kept, policy: PolicyStore) -> None:
    await reserved(policy, 72)
    await reserved(policy, 40, revision=1)
    assert await note(kept) == Note(2, "40")


async def test_a_reservation_that_is_refused_leaves_none(kept: Kept, policy: PolicyStore) -> None:
    assert await reserved(policy, 72, revision=5) == Reserved([ACCOUNT])
    assert await note(kept) == Note()


async def test_without_a_change_it_stays(kept: Kept, policy: PolicyStore) -> None:
    await reserved(policy, 72)
    await reserved(policy, None, revision=1)
    assert await note(kept) == Note(1, "72")
