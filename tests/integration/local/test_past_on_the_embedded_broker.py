"""The embedded broker answers no question for times: there, records themselves say when they were."""

from __future__ import annotations

import time

import pytest
from aiokafka import AIOKafkaProducer

from expansion_signals.local.broker import EmbeddedBroker
from expansion_signals.log.past import LogPast
from expansion_signals.model.instants import HOUR

NOW = time.time_ns() // 1_000


@pytest.mark.parametrize(
    ("since", "found"),
    [(NOW - HOUR, [b"late"]), (NOW - 4 * HOUR, [b"early", b"late"])],
    ids=["an hour ago", "four hours ago"],  # else each process would name them by its own clock
)
async def test_what_was_appended_since_then_is_read(since: int, found: list[bytes]) -> None:
    with EmbeddedBroker() as broker:
        broker.create_topics(["t"])
        producer = AIOKafkaProducer(bootstrap_servers=broker.servers)
        await producer.start()
        await producer.send_and_wait("t", b"early", partition=1, timestamp_ms=(NOW - 3 * HOUR) // 1_000)
        await producer.send_and_wait("t", b"late", partition=1, timestamp_ms=NOW // 1_000)
        await producer.send_and_wait("t", b"early", partition=2, timestamp_ms=(NOW - 5 * HOUR) // 1_000)
        await producer.stop()
        async with LogPast(broker.servers, ["t"], since=since, clock=lambda: NOW, fetch_wait_seconds=0.02) as past:
            assert [record.value async for records, _ in past.records() for record in records] == found
