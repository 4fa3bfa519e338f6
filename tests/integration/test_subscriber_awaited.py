"""The subscriber in an event loop, on a real broker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from expansion_signals.sdk import Subscriber, Trigger
from outside.subscribers import GROUP, PARTITIONS, TRIGGERS, Following, trigger_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka


@pytest.fixture
def following(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> Iterator[Following]:
    with Following(kafka.bootstrap, prefix, tmp_path) as following:
        yield following


def subscribed(following: Following) -> Subscriber:
    return Subscriber(following.kafka, GROUP, [TRIGGERS], prefix=following.prefix, session_timeout_seconds=2)


async def test_triggers_are_iterated_over_and_done(following: Following) -> None:
    following.publish("a", "b")
    given = []
    async with subscribed(following) as subscriber:
        async for trigger in subscriber:
            await trigger.adone()
            given.append(trigger.id)
            if trigger.id == "b":
                break
    assert (given, sorted(following.remembered())) == (["a", "b"], ["a", "b"])


async def test_a_trigger_that_came_while_nobody_waited_any_more_comes_next_time(following: Following) -> None:
    following.publish("a")
    async with subscribed(following) as subscriber:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(subscriber), timeout=0.001)
        assert (await anext(subscriber)).id == "a"


async def test_coroutines_act_beside_each_other(following: Following) -> None:
    for number in range(PARTITIONS):
        following.publish(trigger_event(f"t{number}", subject=f"acct-{number}"), partition=number)
    async with subscribed(following) as subscriber:
        together = asyncio.Barrier(PARTITIONS)

        async def handler(_: Trigger) -> None:
            await together.wait()
            subscriber.stop()

        await subscriber.arun(handler, workers=PARTITIONS)
    assert sorted(following.remembered()) == [f"t{number}" for number in range(PARTITIONS)]


async def test_cancelled_it_lets_what_acts_come_to_its_end(following: Following) -> None:
    following.publish("a")
    began, ended = asyncio.Event(), asyncio.Event()

    async def handler(_: Trigger) -> None:
        began.set()
        await ended.wait()

    async with subscribed(following) as subscriber:
        running = asyncio.create_task(subscriber.arun(handler))
        await began.wait()
        running.cancel()
        asyncio.get_running_loop().call_later(0.05, ended.set)
        with pytest.raises(asyncio.CancelledError):
            await running
    assert following.remembered() == ["a"]
