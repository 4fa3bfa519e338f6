"""Records onto a topic, as product apps put them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException, Message, Producer

if TYPE_CHECKING:
    from collections.abc import Iterable

_ACKNOWLEDGED_SECONDS = 120
_PAUSE_SECONDS = 0.1


def produce(bootstrap: str, topic: str, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Put all records, key and value, onto a topic, and wait until all are acknowledged.

    Raises:
        KafkaException: the broker refused one.
        TimeoutError: it was silent for too long.
    """
    refused: list[KafkaError] = []

    def told(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            refused.append(error)

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 20,
            "batch.size": 200_000,
            "acks": "all",
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": 1_000_000,
            "log_level": 0,
        }
    )
    for key, value in records:
        while True:
            try:
                producer.produce(topic, value, key, on_delivery=told)
                break
            except BufferError:  # more than the producer holds
                producer.poll(_PAUSE_SECONDS)
    left = producer.flush(_ACKNOWLEDGED_SECONDS)
    if refused:
        raise KafkaException(refused[0])
    if left:
        raise TimeoutError(f"{left} records were not acknowledged within {_ACKNOWLEDGED_SECONDS} s")
