"""Timing the steps of a stage that ask Redis or Kafka: they all pass here, because each may have to be repeated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from expansion_signals.ports import Answered, Asked, Patience


class Timed:
    """A patience (port `Patience`) that tells `took` the name of each step and its seconds, waits included."""

    def __init__(self, patience: Patience, took: Callable[[str, float], None]) -> None:
        self._patience = patience
        self._took = took

    async def __call__(
        self, step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answered:
        """Return the step's answer; one that is refused took its time as well."""
        began = time.perf_counter()
        try:
            return await self._patience(step, *arguments, **named)
        finally:
            self._took(step.__name__, time.perf_counter() - began)
