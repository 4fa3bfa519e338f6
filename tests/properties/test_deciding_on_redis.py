"""The same deciding on a real Redis: a crash around every outside call, and the loss of everything."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from accounts_decided import ids, known, published, reported_too_soon, settled, texts, verdicts
from decided_once import decisions, made, poisoned
from expansion_signals.state.deployment import Deployment
from kept_state import KeptInRedis
from sample_ground import CATALOG
from simulated_accounts import COURSE, QUIET, RESTRAINED, AccountsTopic
from simulated_deciders import DecidingWorld, crashed
from simulated_deciding import MIXED, SHARDS, SignalsTopic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence


@asynccontextmanager
async def opened(
    topic: SignalsTopic, url: str, prefix: str, texts: Sequence[Mapping[str, str]] | None = None
) -> AsyncIterator[tuple[DecidingWorld, KeptInRedis]]:
    async with Redis.from_url(url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        kept = KeptInRedis(client, prefix, SHARDS)
        given = {} if texts is None else {"texts": texts}
        yield DecidingWorld(topic, kept.store, kept.policy, kept.shards, kept.due, **given), kept


@pytest.mark.parametrize("turns", range(14))
@pytest.mark.parametrize("last", [0, 1], ids=["before", "after"])
async def test_a_crash_around_any_outside_call_loses_nothing_and_changes_no_id(
    turns: int, last: int, redis_url: str, prefix: str
) -> None:
    async with opened(SignalsTopic.of(MIXED), redis_url, prefix) as (world, _):
        await crashed(world, turns, last)
    assert (made(world), set(world.published.letters)) == (set(decisions(world.topic)), poisoned(world))


def accounts(url: str, prefix: str, rules: str) -> AsyncIterator[tuple[DecidingWorld, KeptInRedis]]:
    return opened(AccountsTopic.happened(COURSE), url, prefix, [{"catalog.yaml": CATALOG, "rules.yaml": rules}])


@pytest.mark.parametrize("turns", range(14))
@pytest.mark.parametrize("last", [0, 1], ids=["before", "after"])
async def test_a_crash_around_any_outside_call_decides_everything_once(
    turns: int, last: int, redis_url: str, prefix: str
) -> None:
    async with accounts(redis_url, prefix, QUIET) as (world, _):
        await crashed(world, turns, last)
        await settled(world)
    assert {key: found for key, found in verdicts(world).items() if len(found) != 1} == {}
    assert {each.id for each in world.topic.candidates} <= {signal for signal, _ in verdicts(world)}
    assert [found for found in texts(*published(world)).values() if len(found) > 1] == []


@pytest.mark.parametrize("rules", [RESTRAINED, QUIET], ids=["restrained", "quiet"])
async def test_after_the_loss_of_everything_all_is_known_and_nothing_decided_anew(
    rules: str, redis_url: str, prefix: str
) -> None:
    async with accounts(redis_url, prefix, rules) as (world, kept):
        await settled(world)
        unfired = await reported_too_soon(world)
        before = await known(world, unfired, rules), texts(*published(world)), ids(world.published.triggers)
        decided = list(world.published.decisions)
        for shard in range(SHARDS):
            await kept.lose(shard)
        await settled(world)
        after = await known(world, unfired, rules), texts(*published(world)), ids(world.published.triggers)
    assert (after, world.published.decisions) == (before, decided)


async def test_what_is_held_when_everything_is_lost_is_held_again_and_fires_once(redis_url: str, prefix: str) -> None:
    async with accounts(redis_url, prefix, QUIET) as (world, kept):
        await crashed(world, 0, 0)
        held = [each["id"] for each in world.published.decisions if each["data"]["decision"] == "held"]
        for shard in range(SHARDS):
            await kept.lose(shard)
        await settled(world)
    assert held
    fired = [each["id"] for each in world.published.triggers]
    assert (len(fired), {key: found for key, found in verdicts(world).items() if len(found) != 1}) == (
        len(set(fired)),
        {},
    )
