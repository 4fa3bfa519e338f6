from __future__ import annotations

import socket

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from expansion_signals.local.broker import EmbeddedBroker
from expansion_signals.local.forward import forward
from expansion_signals.local.redis import free_port


async def _round_trip(servers: str) -> bytes:
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait("greetings", b"hello")
    await producer.stop()
    consumer = AIOKafkaConsumer(
        "greetings", bootstrap_servers=servers, group_id="g", auto_offset_reset="earliest", fetch_max_wait_ms=20
    )
    await consumer.start()
    try:
        return (await consumer.getone()).value
    finally:
        await consumer.stop()


async def test_a_record_goes_in_and_comes_out_through_a_group() -> None:
    with EmbeddedBroker() as broker:
        assert await _round_trip(broker.servers) == b"hello"


async def test_a_forwarded_broker_is_reached_on_the_port_asked_for() -> None:
    port = free_port()
    with EmbeddedBroker() as broker:
        broker.advertise("127.0.0.1", port)
        async with forward(port, broker.servers):
            assert await _round_trip(f"127.0.0.1:{port}") == b"hello"


async def test_created_topics_are_listed() -> None:
    with EmbeddedBroker() as broker:
        broker.create_topics(["usage-events", "account-updates"])
        consumer = AIOKafkaConsumer(bootstrap_servers=broker.servers)
        await consumer.start()
        assert await consumer.topics() == {"usage-events", "account-updates"}
        await consumer.stop()


def test_a_stopped_broker_listens_no_longer() -> None:
    with EmbeddedBroker() as broker:
        host, _, port = broker.servers.rpartition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=1)
