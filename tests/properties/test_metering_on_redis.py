"""The same runs as in memory, on a real Redis: scripts, slices of identities and pipelines included."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from redis.asyncio import Redis

from expansion_signals.state.deployment import Deployment
from kept_state import KeptInRedis
from simulated_run import DRAFTS, outcome, schedules
from simulated_workers import SHARDS

if TYPE_CHECKING:
    from metering_outcome import Outcome
    from simulated_log import Draft
    from simulated_run import Step

FEWER = settings(
    max_examples=settings().max_examples // 2,
    # The server is one for all examples; each has a deployment of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def on_redis(url: str, drafts: list[Draft], schedule: list[Step]) -> Outcome:
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    async with Redis.from_url(url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        return await outcome(KeptInRedis(client, prefix, SHARDS), drafts, schedule)


@FEWER
@given(DRAFTS, schedules("crash", "accept"))
def test_crashes_and_zombies_on_redis_count_each_record_once_and_fire_each_key_once(
    redis_url: str, drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(on_redis(redis_url, drafts, schedule))
    found.check_counts()
    found.check_fired()
    found.check_keys_are_fired_once()


@FEWER
@given(DRAFTS, schedules("crash", "accept", "back up", "roll back", "roll back"))
def test_shards_of_redis_rolled_back_under_live_workers_count_each_record_once_and_lose_no_key(
    redis_url: str, drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(on_redis(redis_url, drafts, schedule))
    found.check_counts()
    found.check_fired()


@FEWER
@given(DRAFTS, schedules("crash", "accept", "lease ends", "lose", "lose", "lose all"))
def test_shards_of_redis_lost_under_live_workers_count_each_record_once_and_lose_no_key(
    redis_url: str, drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(on_redis(redis_url, drafts, schedule))
    found.check_counts()
    found.check_fired()
    found.check_what_only_grows_fires_each_threshold_once()


@FEWER
@given(DRAFTS, schedules("crash", "lease ends", "lose it and die"))
def test_what_was_published_before_a_loss_of_redis_is_published_under_no_other_id(
    redis_url: str, drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(on_redis(redis_url, drafts, schedule))
    found.check_keys_are_fired_once()
    found.check_what_only_grows_fires_each_threshold_once()
