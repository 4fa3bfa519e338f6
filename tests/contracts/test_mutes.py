"""What is muted is kept the same way in memory and in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.state.mutes import MemoryMutes, RedisMutes
from kept_state import KeptInRedis
from sample_batches import NOW

if TYPE_CHECKING:
    from kept_state import Kept

PLACES = [(None, None), ("quota", None), (None, "acct-1"), ("quota", "acct-1"), (None, "a|b ünï"), ("quota", "a|b")]


@pytest.fixture
def silences(kept: Kept) -> MemoryMutes | RedisMutes:
    return RedisMutes(kept._client, prefix=kept._prefix) if isinstance(kept, KeptInRedis) else MemoryMutes()


async def test_at_first_nothing_is_muted(silences: MemoryMutes | RedisMutes) -> None:
    assert await silences.mutes() == {}


@pytest.mark.parametrize("place", PLACES)
async def test_what_is_muted_comes_back_as_it_was_named(
    silences: MemoryMutes | RedisMutes, place: tuple[str | None, str | None]
) -> None:
    await silences.mute(*place, NOW)
    assert await silences.mutes() == {place: NOW}


async def test_what_is_muted_again_is_so_until_the_later_word(silences: MemoryMutes | RedisMutes) -> None:
    await silences.mute("quota", None, NOW)
    await silences.mute("quota", None, NOW - 5)
    assert await silences.mutes() == {("quota", None): NOW - 5}


async def test_what_is_muted_no_more_leaves_the_rest(silences: MemoryMutes | RedisMutes) -> None:
    for place in PLACES:
        await silences.mute(*place, NOW)
    await silences.unmute("quota", None)
    assert (await silences.mutes()).keys() == set(PLACES) - {("quota", None)}


async def test_what_was_not_muted_can_be_unmuted(silences: MemoryMutes | RedisMutes) -> None:
    await silences.unmute("quota", "acct-1")
    assert await silences.mutes() == {}
