"""Tombstones: a key's records are forgotten by compaction, whatever partition they were put on.

Whoever sends account updates chooses their partitions, and not every client chooses as ours does. Compaction works
within a partition, so each of them gets its tombstone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer

from expansion_signals.log.connecting import connecting
from expansion_signals.log.missing import reject_missing
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from expansion_signals.security import KafkaSecurity

_ANSWER_SECONDS = 15


async def bury(servers: str, topic: str, key: bytes, security: KafkaSecurity = PLAINTEXT) -> int:
    """Write a tombstone of this key on each partition of a topic (prefix included); return how many those are.

    Raises:
        LogUnavailable: not all are acknowledged; writing them again is safe.
        RejectedState: the topic is missing, or the broker refuses this client, or does not let it in.
    """
    async with connecting(servers, security):
        producer = AIOKafkaProducer(
            bootstrap_servers=servers, acks="all", request_timeout_ms=_ANSWER_SECONDS * 1000, **security.options()
        )
        try:
            await producer.start()
            async with asyncio.timeout(_ANSWER_SECONDS):
                cluster = await producer.client.fetch_all_metadata()
                reject_missing(servers, [topic], cluster.topics())
                partitions: AbstractSet[int] = cluster.partitions_for_topic(topic) or frozenset()
                for partition in sorted(partitions):
                    await producer.send_and_wait(topic, value=None, key=key, partition=partition)
        finally:
            await producer.stop()
    return len(partitions)
