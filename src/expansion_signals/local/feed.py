"""Puts the simulated product's records on the log, each at its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expansion_signals.model.instants import SECOND
from expansion_signals.sdk.envelope import USAGE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from expansion_signals.local.product import Sending
    from expansion_signals.model.instants import Instant
    from expansion_signals.ports import Publisher

_BREATH = 0.02
"""Seconds between two looks for what has become due: records due together go out together."""


class Feed:
    """Sends records until it is stopped.

    `sent` counts usage events on the log. `sent_at` tells when each event last went out, by its id: latency is
    measured from there, because a late event's own time says nothing about us.
    """

    def __init__(self, publisher: Publisher, clock: Callable[[], Instant]) -> None:
        self._publisher = publisher
        self._clock = clock
        self._stopping = asyncio.Event()
        self.sent = 0
        self.sent_at: dict[str, Instant] = {}

    async def run(self, sendings: Iterator[Sending]) -> None:
        """Send each record when it is due, until `stop`.

        Raises:
            LogUnavailable: the log does not take them.
        """
        upcoming = next(sendings)
        while not self._stopping.is_set():
            now = self._clock()
            due: list[Sending] = []
            while upcoming.due <= now:
                due.append(upcoming)
                upcoming = next(sendings)
            if due:
                await self.send(due, now)
            await asyncio.sleep(min(_BREATH, max(0.0, (upcoming.due - self._clock()) / SECOND)))

    def stop(self) -> None:
        """Send nothing more; what is under way is finished."""
        self._stopping.set()

    async def send(self, due: Sequence[Sending], now: Instant) -> None:
        """Send these now, whenever they are due.

        Raises:
            LogUnavailable: the log does not take them.
        """
        self.sent_at.update((sending.event, now) for sending in due)
        await self._publisher.publish([sending.record for sending in due])
        self.sent += sum(sending.record.topic == USAGE_EVENTS for sending in due)
