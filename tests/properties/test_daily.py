"""Days looked at by two workers at once: whatever crashes or repeats, each id is published with one content."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from expansion_signals.state.deployment import Deployment
from kept_state import KeptInMemory, KeptInRedis
from simulated_days import ACCOUNTS, SCHEDULES, TEXTS, TEXTS_WITH_LEADS, Days, Step, day_told
from simulated_workers import MOST, SHARDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


async def played(schedule: Sequence[Step], texts: Mapping[str, str] = TEXTS) -> Days:
    days = Days(KeptInMemory(SHARDS), texts)
    await days.play(schedule)
    return days


async def played_on_redis(url: str, schedule: Sequence[Step], texts: Mapping[str, str]) -> Days:
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    async with Redis.from_url(url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        days = Days(KeptInRedis(client, prefix, SHARDS), texts)
        await days.play(schedule)
        return days


def check(days: Days) -> None:
    assert {signal: contents for signal, contents in days.contents().items() if len(contents) > 1} == {}
    assert len(days.told()) == len(set(days.told()))


@given(SCHEDULES)
def test_two_workers_tell_each_day_once_and_each_id_with_one_content(schedule: list[Step]) -> None:
    check(asyncio.run(played(schedule)))


@given(SCHEDULES)
def test_two_workers_read_each_account_once_a_day_and_each_reading_has_one_content(schedule: list[Step]) -> None:
    days = asyncio.run(played(schedule, TEXTS_WITH_LEADS))
    check(days)
    assert {account for account, kind, _ in days.told() if kind == "reading"} == set(ACCOUNTS)


def test_every_account_is_read_once_for_the_day_that_closed_and_told_what_grew() -> None:
    days = asyncio.run(played([], TEXTS_WITH_LEADS))
    told = [(account, kind) for account, kind, _ in days.told()]
    assert [account for account, kind in told if kind == "reading"] == list(ACCOUNTS)
    assert [account for account, kind in told if kind == "usage.accelerated"] == list(ACCOUNTS[::2])


def test_a_worker_that_rests_at_any_turn_while_another_looks_at_more_tells_nothing_twice() -> None:
    for turns in range(60):
        rests = [Step("move", 0, MOST)] * turns
        more = [Step("count", place, 7) for place in range(len(ACCOUNTS))]
        goes_on = [Step("move", which, MOST) for which in (1, 0) for _ in range(100)]
        check(asyncio.run(played([*rests, *more, *goes_on])))


@pytest.mark.servers
@settings(
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(SCHEDULES, st.sampled_from([TEXTS, TEXTS_WITH_LEADS]))
def test_two_workers_on_redis_tell_each_day_once_and_each_id_with_one_content(
    redis_url: str, schedule: list[Step], texts: Mapping[str, str]
) -> None:
    check(asyncio.run(played_on_redis(redis_url, schedule, texts)))


def test_every_account_is_told_of_the_day_that_closed_before_it_was_looked_at() -> None:
    days = asyncio.run(played([]))
    [growing, falling] = ["usage.accelerated", "usage.declined"]
    assert [(account, kind) for account, kind, _ in days.told()] == [
        (account, falling if place % 2 else growing) for place, account in enumerate(ACCOUNTS)
    ]


def test_after_days_without_a_worker_only_the_last_one_is_looked_at() -> None:
    days = asyncio.run(played([Step("day", 0, 0)] * 10))
    assert {day for *_, day in days.told()} == {day_told(-4)}


def test_two_workers_side_by_side_tell_what_one_tells() -> None:
    beside = asyncio.run(played([Step("move", which, MOST) for _ in range(300) for which in (0, 1)]))
    assert beside.told() == asyncio.run(played([])).told()
