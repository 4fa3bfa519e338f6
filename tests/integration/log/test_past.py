"""The past of topics on a real broker, by the times that it keeps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer

from expansion_signals.errors import RejectedState
from expansion_signals.log.past import LogPast
from expansion_signals.model.instants import HOUR, MILLISECOND
from integration.log.harness import now

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from integration.log.harness import Log

BEGAN = time.time_ns() // 1_000_000


def _past(log: Log, since: Instant, topic: str = "events") -> LogPast:
    return LogPast(log.bootstrap, [topic], since=since, clock=now, prefix=log.prefix, fetch_wait_seconds=0.05)


async def _send(log: Log, *hours_ago: int) -> None:
    """Send a record to each partition, stamped so many hours ago."""
    producer = AIOKafkaProducer(bootstrap_servers=log.bootstrap)
    await producer.start()
    for hours in hours_ago:
        stamp = BEGAN - hours * 3_600_000
        for partition in range(4):
            value = b"%d:%d" % (hours, partition)
            await producer.send_and_wait(log.prefix + "events", value, partition=partition, timestamp_ms=stamp)
    await producer.stop()


async def _values(past: LogPast) -> list[bytes | None]:
    return sorted(
        [record.value async for records, _ in past.records() for record in records],
        key=lambda value: value or b"",
    )


async def test_what_was_appended_since_then_is_read_from_every_partition(log: Log) -> None:
    await _send(log, 3, 1)
    async with _past(log, BEGAN * MILLISECOND - 2 * HOUR) as past:
        assert await _values(past) == [b"1:0", b"1:1", b"1:2", b"1:3"]


async def test_everything_is_read_from_a_time_before_it(log: Log) -> None:
    await _send(log, 3, 1)
    async with _past(log, 0) as past:
        assert len(await _values(past)) == 8


async def test_nothing_is_read_where_nothing_came_since(log: Log) -> None:
    await _send(log, 3)
    async with _past(log, BEGAN * MILLISECOND - HOUR) as past:
        assert (past.total, await _values(past)) == (0, [])


async def test_it_is_said_beforehand_how_much_there_is_to_read(log: Log) -> None:
    await _send(log, 3, 2, 1)
    async with _past(log, BEGAN * MILLISECOND - 2 * HOUR) as past:
        passed = [passed async for _, passed in past.records()]
        assert (past.total, passed[-1]) == (8, 8)


async def test_what_comes_while_it_reads_is_left(log: Log) -> None:
    await _send(log, 1)
    async with _past(log, 0) as past:
        await _send(log, 0)
        assert all(value is not None and value.startswith(b"1:") for value in await _values(past))


async def test_an_empty_topic_has_no_past(log: Log) -> None:
    async with _past(log, 0) as past:
        assert await _values(past) == []


async def test_a_topic_that_is_missing_is_told_with_the_command_that_makes_it(log: Log) -> None:
    with pytest.raises(RejectedState, match="topics create"):
        async with _past(log, 0, "absent"):
            pass
