from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer

from expansion_signals.errors import LogUnavailable
from expansion_signals.local.broker import EmbeddedBroker
from expansion_signals.local.redis import free_port
from expansion_signals.log.follower import LogFollower

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from expansion_signals.model.records import Record


@asynccontextmanager
async def _producing(servers: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=servers)
    await producer.start()
    yield producer
    await producer.stop()


async def _values(follower: LogFollower, count: int) -> list[bytes | None]:
    values: list[bytes | None] = []
    for _ in range(200):
        values += [record.value for record in await follower.poll(0.05)]
        if len(values) >= count:
            break
    return values


async def test_following_begins_at_the_end() -> None:
    with EmbeddedBroker() as broker:
        async with _producing(broker.servers) as producer:
            await producer.send_and_wait("t", b"before")
            async with LogFollower(broker.servers, ["t"], fetch_wait_seconds=0.02) as follower:
                await producer.send_and_wait("t", b"after")
                assert await _values(follower, 1) == [b"after"]


async def test_following_begins_at_the_beginning_where_asked() -> None:
    with EmbeddedBroker() as broker:
        async with _producing(broker.servers) as producer:
            await producer.send_and_wait("t", b"before")
            async with LogFollower(broker.servers, ["t"], from_beginning=True, fetch_wait_seconds=0.02) as follower:
                assert await _values(follower, 1) == [b"before"]


async def test_a_topic_made_later_is_followed_from_its_beginning() -> None:
    with EmbeddedBroker() as broker:
        async with (
            _producing(broker.servers) as producer,
            LogFollower(broker.servers, ["t", "later"], fetch_wait_seconds=0.02) as follower,
        ):
            await producer.send_and_wait("t", b"one", partition=0)
            first = await _values(follower, 1)
            await producer.send_and_wait("later", b"two", partition=1)
            await producer.send_and_wait("t", b"three", partition=0)
            assert sorted(first + await _values(follower, 2)) == [b"one", b"three", b"two"]  # type: ignore[type-var]


async def test_following_makes_no_topics() -> None:
    with EmbeddedBroker() as broker:
        broker.create_topics(["t"])
        async with LogFollower(broker.servers, ["t", "absent"], fetch_wait_seconds=0.02) as follower:
            await follower.poll(0.05)
        async with _producing(broker.servers) as producer:
            assert (await producer.client.fetch_all_metadata()).topics() == {"t"}


async def test_topics_are_named_without_their_prefix() -> None:
    with EmbeddedBroker() as broker:
        async with (
            _producing(broker.servers) as producer,
            LogFollower(broker.servers, ["t"], prefix="blue.", fetch_wait_seconds=0.02) as follower,
        ):
            await producer.send_and_wait("blue.t", b"x")
            records: Sequence[Record] = ()
            while not records:
                records = await follower.poll(0.05)
            assert records[0].topic == "t"


async def test_a_broker_that_is_away_is_told() -> None:
    with pytest.raises(LogUnavailable):
        async with LogFollower(f"127.0.0.1:{free_port()}", ["t"]):
            pass
