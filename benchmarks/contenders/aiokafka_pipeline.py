"""Plain aiokafka: up to 2,000 records at a time, counted in one go, offsets committed after the triggers are there."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic import ValidationError
from redis_counting import connect, count
from usage import DEAD_LETTERS, EVENTS, KAFKA, PREFIX, TRIGGERS, Usage, trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka import ConsumerRecord
    from redis.asyncio import Redis

BATCH = 2_000


async def main() -> None:
    """Read until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    consumer = AIOKafkaConsumer(
        EVENTS,
        bootstrap_servers=KAFKA,
        group_id=f"{PREFIX}aiokafka",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer, AIOKafkaProducer(bootstrap_servers=KAFKA, acks="all") as producer, connect() as redis:
        while not ended.is_set():
            polled = await consumer.getmany(timeout_ms=200, max_records=BATCH)
            if records := [record for of_partition in polled.values() for record in of_partition]:
                await absorb(records, redis, producer)
                await consumer.commit()


async def absorb(records: Sequence[ConsumerRecord], redis: Redis, producer: AIOKafkaProducer) -> None:
    """Count a batch, and publish what comes of it, until it is acknowledged."""
    usages, told = [], []
    for record in records:
        try:
            usages.append(Usage.model_validate_json(record.value))
        except ValidationError:
            told.append(await producer.send(DEAD_LETTERS, record.value, record.key))
    for usage, threshold, level in await count(redis, usages):
        told.append(await producer.send(TRIGGERS, trigger(usage, threshold, level), usage.subject.encode()))
    await asyncio.gather(*told)


if __name__ == "__main__":
    asyncio.run(main())
