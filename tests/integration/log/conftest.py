"""A log of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.log.publisher import LogPublisher
from integration.log.harness import Log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from servers.chosen import Kafka


@pytest.fixture
async def log(kafka: Kafka, prefix: str) -> AsyncIterator[Log]:
    """A topic of its own for each test."""
    log = Log(kafka.bootstrap, prefix, LogPublisher(kafka.bootstrap, prefix=prefix, answer_seconds=2))
    await log.create("events", 4)
    yield log
    for reader in log.readers:
        await reader.stop()
    await log.publisher.stop()
