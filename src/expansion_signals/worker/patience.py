"""Retrying in place: what may pass is waited out, with back-off, and told once (semantics 10.2)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING

from expansion_signals.errors import Retryable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from expansion_signals.ports import Answered, Asked

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0

log = logging.getLogger(__name__)


class InPlace:
    """Repeats a step until it answers (port `Patience`).

    `tell` is given what is waited for, and None once it has come. `meanwhile` is entered while waiting: it keeps the
    reader a member of its group.
    """

    def __init__(
        self,
        tell: Callable[[str | None], None],
        meanwhile: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> None:
        self._tell = tell
        self._meanwhile = meanwhile

    async def __call__(
        self, step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answered:
        """Return the step's answer, however long it takes; what is not `Retryable` is raised."""
        try:
            return await step(*arguments, **named)
        except Retryable as failure:
            self._wait_for(failure, None)
            last = str(failure)
        wait = _FIRST_WAIT
        async with self._meanwhile():
            while True:
                await asyncio.sleep(wait)
                try:
                    answer = await step(*arguments, **named)
                except Retryable as failure:
                    self._wait_for(failure, last)
                    last = str(failure)
                    wait = min(2 * wait, _LONGEST_WAIT)
                else:
                    log.info("it answers again: going on")
                    self._tell(None)
                    return answer

    def _wait_for(self, failure: Retryable, last: str | None) -> None:
        self._tell(str(failure))
        if str(failure) != last:
            log.warning("waiting: %s", failure)
