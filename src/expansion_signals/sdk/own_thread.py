"""The one thread that makes all calls of a subscriber for an event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

Answered = TypeVar("Answered")


class OwnThread:
    """Makes calls one after the other, in a thread that is started with the first."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="subscriber")

    def begin(self, step: Callable[[], Answered]) -> Future[Answered]:
        """Have it make this call, after those that were begun before."""
        return self._executor.submit(step)

    async def call(self, step: Callable[[], Answered]) -> Answered:
        """Return what this call answers. Whoever is cancelled while waiting leaves it to go on to its end."""
        return await answer_of(self.begin(step))


async def answer_of(begun: Future[Answered]) -> Answered:
    """Wait for a call that was begun; a second time, too, if the first was cancelled."""
    return await asyncio.shield(asyncio.wrap_future(begun))
