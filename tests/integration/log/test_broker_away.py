"""A broker that goes away and comes back: told as retryable, and everything goes on without a restart of ours."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import LogUnavailable
from expansion_signals.model.records import Outgoing
from integration.log.harness import read, settle
from servers.standstill import stand_still
from servers.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from integration.log.harness import Log
    from servers.kafka import KafkaProcess

RECORD = Outgoing("events", b"acme", b"1")


@pytest.fixture
def kafka(own_kafka: KafkaProcess) -> KafkaProcess:
    """The log of these tests is on the broker that they kill."""
    return own_kafka


async def test_a_killed_broker_fails_every_call_and_its_return_mends_them(log: Log, own_kafka: KafkaProcess) -> None:
    reader = log.reader()
    await log.publish(100)
    await read(reader, 100)
    poll = await settle(reader, 4)
    own_kafka.kill()
    with pytest.raises(LogUnavailable):
        await log.publisher.publish([RECORD])
    with pytest.raises(LogUnavailable):
        await reader.commit(poll.positions)
    await _unavailable(lambda: reader.poll(0.1))
    own_kafka.start()
    await _available(lambda: log.publisher.publish([RECORD]))
    await _available(lambda: settle(reader, 4))
    await log.publisher.publish([RECORD])
    assert (await read(reader, 1))[-1].key == b"acme"


async def test_a_frozen_broker_does_not_hold_a_publisher_longer_than_it_waits_for_an_answer(
    log: Log, own_kafka: KafkaProcess
) -> None:
    await log.publisher.publish([RECORD])
    with _frozen(own_kafka), pytest.raises(LogUnavailable):
        await log.publisher.publish([RECORD])


async def test_a_reader_leaves_a_frozen_broker_in_time(log: Log, own_kafka: KafkaProcess) -> None:
    reader = log.reader()
    await settle(reader, 4)
    with _frozen(own_kafka):
        began = time.monotonic()
        await reader.stop()
        assert time.monotonic() - began < 10


@contextmanager
def _frozen(kafka: KafkaProcess) -> Iterator[None]:
    assert kafka.pid is not None
    stand_still(kafka.pid)
    try:
        yield
    finally:
        os.kill(kafka.pid, signal.SIGCONT)


async def _unavailable(call: Callable[[], Awaitable[object]]) -> None:
    async def refused() -> bool:
        return not await _succeeds(call)

    await until_async(refused, seconds=20, waiting_for="the failure to be told")


async def _available(call: Callable[[], Awaitable[object]]) -> None:
    await until_async(lambda: _succeeds(call), seconds=60, waiting_for="the broker's return to be noticed")


async def _succeeds(call: Callable[[], Awaitable[object]]) -> bool:
    try:
        await call()
    except LogUnavailable:
        return False
    return True
