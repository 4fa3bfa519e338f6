"""Watching that the topics stay the ones they were: one that is made anew under a live worker is another log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expansion_signals.errors import Retryable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_LOOK_SECONDS = 10.0
"""Between looks; each asks the broker anew, in a thread."""


class TopicWatch:
    """Calls `look` now and then, which raises where a topic is another than the state knows."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask to end."""
        self._stopping.set()

    async def run(self) -> None:
        """Look until stopped.

        Raises:
            RejectedState: a topic is gone, or was made anew.
        """
        while not self._stopping.is_set():
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._stopping.wait()
            except TimeoutError:
                await self._once()

    async def _once(self) -> None:
        try:
            await self._look()
        except Retryable:
            return  # whoever reads is waiting for it, and says so
