from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expansion_signals.local.feed import Feed
from expansion_signals.local.product import Sending
from expansion_signals.model.records import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEVER = 1 << 60


class _Memory:
    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.grown = asyncio.Event()

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        self.records += records
        self.grown.set()
        return ()


def _sendings(*topics: str) -> Iterator[Sending]:
    for number, topic in enumerate(topics):
        yield Sending(number, f"event-{number}", Outgoing(topic, b"acct-1", b"{}"))
    yield Sending(NEVER, "never", Outgoing("usage-events", b"acct-1", b"{}"))


async def _fed(*topics: str) -> tuple[Feed, _Memory]:
    log = _Memory()
    feed = Feed(log, lambda: 1_000)
    running = asyncio.create_task(feed.run(_sendings(*topics)))
    async with asyncio.timeout(5):
        await log.grown.wait()
    feed.stop()
    await running
    return feed, log


async def test_what_is_due_is_published() -> None:
    _, log = await _fed("account-updates", "usage-events")
    assert [record.topic for record in log.records] == ["account-updates", "usage-events"]


async def test_only_usage_events_are_counted_as_sent() -> None:
    feed, _ = await _fed("account-updates", "usage-events", "usage-events")
    assert feed.sent == 2


async def test_the_time_of_sending_is_kept_by_event() -> None:
    feed, _ = await _fed("usage-events")
    assert feed.sent_at == {"event-0": 1_000}
