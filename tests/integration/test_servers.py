"""The servers the other tests stand on: they are real, and they come back with what they acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.chosen import GivenKafka, Kafka
    from servers.redis import RedisProcess


def test_a_record_produced_to_kafka_is_consumed(kafka: Kafka, prefix: str) -> None:
    topic = _new_topic(kafka.bootstrap, prefix)
    _produce(kafka.bootstrap, topic, b"1")
    assert _first_value(kafka.bootstrap, topic) == b"1"


def test_a_topic_nobody_created_does_not_come_into_being(kafka: GivenKafka | Kafka, prefix: str) -> None:
    client = AdminClient({"bootstrap.servers": kafka.bootstrap})
    client.list_topics(prefix + "unasked", timeout=10)
    assert prefix + "unasked" not in client.list_topics(timeout=10).topics


def test_an_acknowledged_record_outlives_a_killed_broker(own_kafka: Kafka, prefix: str) -> None:
    topic = _new_topic(own_kafka.bootstrap, prefix)
    _produce(own_kafka.bootstrap, topic, b"kept")
    own_kafka.kill()
    own_kafka.start()
    assert _first_value(own_kafka.bootstrap, topic) == b"kept"


def test_the_shared_redis_runs_scripts(redis_url: str, prefix: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.eval("return redis.call('INCRBY', KEYS[1], ARGV[1])", 1, prefix + "k", "7") == 7


def test_an_acknowledged_write_outlives_a_killed_redis(new_redis: Callable[[], RedisProcess]) -> None:
    server = new_redis()
    with redis.Redis.from_url(server.url) as client:
        client.set("k", "kept")
        server.kill()
        server.start()
        assert client.get("k") == b"kept"


def test_a_redis_that_is_down_refuses(new_redis: Callable[[], RedisProcess]) -> None:
    server = new_redis()
    server.stop()
    with redis.Redis.from_url(server.url, retry=None) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def _new_topic(bootstrap: str, prefix: str) -> str:
    client = AdminClient({"bootstrap.servers": bootstrap})
    topic = prefix + "records"
    client.create_topics([NewTopic(topic, num_partitions=1)])[topic].result(timeout=10)
    return topic


def _produce(bootstrap: str, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    producer.produce(topic, value)
    assert producer.flush(10) == 0


def _first_value(bootstrap: str, topic: str) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        (record,) = consumer.consume(1, timeout=20)
        return record.value()
    finally:
        consumer.close()
