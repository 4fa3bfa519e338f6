"""The one place where tests wait: for a condition, with a deadline. For an amount of time only a fault lasts."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PAUSE_SECONDS = 0.02

Found = TypeVar("Found")


def until(
    condition: Callable[[], Found], *, seconds: float, waiting_for: str, pause_seconds: float = PAUSE_SECONDS
) -> Found:
    """Ask `condition` until its answer is true, and give that answer back; asks seldom where asking costs.

    Raises:
        TimeoutError: the deadline has passed; says what was waited for and the last answer.
    """
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {waiting_for}; the last answer was {answer!r}")
        time.sleep(pause_seconds)
    return answer


def until_still(condition: Callable[[], bool], moving: Callable[[], object], *, seconds: float) -> bool:
    """Ask `condition` until it is true, or until what `moving` tells has stayed the same for so long; say which."""
    seen, since = moving(), time.monotonic()
    while not (answer := condition()) and time.monotonic() - since < seconds:
        time.sleep(PAUSE_SECONDS)
        now = moving()
        if now != seen:
            seen, since = now, time.monotonic()
    return answer


def lasting(seconds: float) -> None:
    """Let a fault of a campaign last, or its schedule: nothing hangs on how long."""
    time.sleep(max(0.0, seconds))


async def until_async(condition: Callable[[], Awaitable[Found]], *, seconds: float, waiting_for: str) -> Found:
    """The same, for a condition that is awaited; the event loop goes on between two questions.

    Raises:
        TimeoutError: as in `until`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := await condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {waiting_for}; the last answer was {answer!r}")
        await asyncio.sleep(PAUSE_SECONDS)
    return answer
