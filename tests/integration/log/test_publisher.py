"""The publisher on a real broker: acknowledged, in order, where Java clients look, and clear on what is too large."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import LogUnavailable
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.model.records import Outgoing
from integration.log.harness import read
from servers.processes import free_port

if TYPE_CHECKING:
    from integration.log.harness import Log

SMALL = Outgoing("events", b"acme", b"small")
LARGE = Outgoing("events", b"acme", b"v" * 2_000_000)  # a topic takes 1 MiB, as Kafka ships it
HUGE = Outgoing("events", b"acme", b"v" * 20_000_000)  # more than a request of ours may be


async def test_records_too_large_for_the_broker_are_told_by_their_indexes(log: Log) -> None:
    assert await log.publisher.publish([SMALL, LARGE, SMALL, HUGE, SMALL]) == [1, 3]


async def test_records_beside_a_too_large_one_are_published(log: Log) -> None:
    await log.publisher.publish([SMALL, LARGE, SMALL, HUGE, SMALL])
    records = await read(log.reader(), 3)
    assert [record.value for record in records] == [b"small"] * 3


async def test_publishing_goes_on_after_a_record_was_too_large(log: Log) -> None:
    await log.publisher.publish([LARGE])
    assert await log.publisher.publish([SMALL]) == []


async def test_records_of_one_key_keep_their_order_over_many_batches(log: Log) -> None:
    values = [b"%05d" % number + b"." * 1_000 for number in range(1_000)]
    await log.publisher.publish([Outgoing("events", b"acme", value) for value in values])
    assert [record.value for record in await read(log.reader(), 1_000)] == values


async def test_a_key_goes_to_the_partition_that_java_clients_choose(log: Log) -> None:
    await log.publisher.publish([Outgoing("events", b"21", b"1")])
    [record] = await read(log.reader(), 1)
    assert record.partition == (-973932308 & 0x7FFFFFFF) % 4  # Kafka's UtilsTest.testMurmur2: "21"


async def test_a_record_without_key_and_value_is_published_with_its_headers(log: Log) -> None:
    await log.publisher.publish([Outgoing("events", None, None, [("dlq_code", b"unparsable"), ("n", None)])])
    [record] = await read(log.reader(), 1)
    assert (record.key, record.value, list(record.headers)) == (None, None, [("dlq_code", b"unparsable"), ("n", None)])


async def test_nothing_to_publish_is_published(log: Log) -> None:
    assert await log.publisher.publish([]) == []


async def test_a_stopped_publisher_connects_again_when_asked(log: Log) -> None:
    await log.publisher.publish([SMALL])
    await log.publisher.stop()
    assert await log.publisher.publish([SMALL]) == []


async def test_a_publisher_without_idempotence_publishes_too(log: Log) -> None:
    publisher = LogPublisher(log.bootstrap, prefix=log.prefix, idempotent=False)
    assert await publisher.publish([SMALL, LARGE]) == [1]
    await publisher.stop()


async def test_two_that_publish_at_once_connect_once(log: Log) -> None:
    await log.publisher.stop()
    assert await asyncio.gather(*(log.publisher.publish([SMALL]) for _ in range(2))) == [[], []]


async def test_a_topic_that_does_not_exist_is_told_in_time(log: Log) -> None:
    publisher = LogPublisher(log.bootstrap, prefix=log.prefix, answer_seconds=1)
    with pytest.raises(LogUnavailable):
        await publisher.publish([Outgoing("absent", b"acme", b"1")])


async def test_a_broker_that_is_not_there_is_retryable() -> None:
    with pytest.raises(LogUnavailable, match=r"Kafka at 127\.0\.0\.1:\d+ is not available"):
        await LogPublisher(f"127.0.0.1:{free_port()}").start()


async def test_who_is_cancelled_while_a_publisher_stops_is_cancelled(log: Log) -> None:
    await log.publisher.publish([SMALL])
    stopping = asyncio.create_task(log.publisher.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert await log.publisher.publish([SMALL]) == []
