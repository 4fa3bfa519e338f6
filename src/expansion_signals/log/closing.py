"""Ending a consumer of the driver in a bounded time, whatever the broker does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

_STOP_SECONDS = 3


async def close(consumer: AIOKafkaConsumer) -> None:
    """Leave the group, if it is of one, and close every connection."""
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping], timeout=_STOP_SECONDS)
    # It may still wait for a silent broker, or have been cancelled by a fetch of its own that just failed.
    await consumer._client.close()  # noqa: SLF001 -- there is no public way
    _, waiting = await asyncio.wait([stopping], timeout=_STOP_SECONDS)
    if waiting:
        stopping.cancel()
    elif not stopping.cancelled():
        with suppress(KafkaError):  # the broker will notice by the session timeout
            stopping.result()
