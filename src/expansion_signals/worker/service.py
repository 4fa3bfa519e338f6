"""The service inside the application: assembles the worker, runs its stages, and ends the application with them."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from typing import TYPE_CHECKING

from mode import Service

from expansion_signals.errors import ExpansionSignalsError, StateLost
from expansion_signals.state.connection import connect
from expansion_signals.worker.books import named
from expansion_signals.worker.garbage import look_rarely
from expansion_signals.worker.stage import run_all

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from expansion_signals.settings import Settings
    from expansion_signals.state.books import Books
    from expansion_signals.state.connection import Connection
    from expansion_signals.worker.assembly import Assembled, Assembly
    from expansion_signals.worker.status import Status

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 5.0
"""How long a stage may finish the poll at hand before it is cut off; cut off is safe, only less polite."""

_END_SECONDS = 7.0
"""After so long it ends without having closed everything: a broker that is silent is not waited for to say good-bye.

Of the 10 s that are promised, a busy machine takes 2 s to end a process.
"""

_DRAIN_CHECK_SECONDS = 0.1

_IDLE_CHECK_SECONDS = 0.1


class WorkerService(Service):
    """Runs the worker until it is stopped, fails, or has been idle for `once_idle` seconds.

    `failure` is what ended it, None if nothing did. `end` stops the application.
    """

    def __init__(self, settings: Settings, assembly: Assembly, status: Status, once_idle: float | None) -> None:
        super().__init__()
        self._settings = settings
        self._assembly = assembly
        self._status = status
        self._once_idle = once_idle
        self._assembled: Assembled | None = None
        self._working: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self.end: Callable[[], Coroutine[None, None, None]] | None = None
        self.failure: BaseException | None = None

    async def books(self) -> Books | None:
        """Return the deployment's books, None before the worker is put together.

        Raises:
            StateUnavailable: Redis does not answer.
        """
        if self._assembled is None:
            return None
        return named(await self._assembled.books.read(), self._assembled.topic_names)

    async def on_start(self) -> None:
        """Begin; the pages answer meanwhile."""
        self._working = asyncio.create_task(self._work())
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)

    def _reload(self) -> None:
        if self._assembled is not None:
            self._assembled.reloading.now()

    async def on_stop(self) -> None:
        """Let the stages finish what they have, for a while."""
        if self._working is None:
            return
        for stage in self._assembled.stages if self._assembled else ():
            stage.stop()
        began = time.monotonic()
        await self._drain(self._working, began + _DRAIN_SECONDS)
        self._working.cancel()
        await asyncio.wait([self._working], timeout=began + _END_SECONDS - time.monotonic())

    async def _drain(self, working: asyncio.Task[None], until: float) -> None:
        """Wait while stages finish what they have; one that waits for a server has nothing it could finish."""
        while not working.done() and time.monotonic() < until:
            if self._assembled is None or self._status.waits_for() is not None:
                return
            await asyncio.wait([working], timeout=_DRAIN_CHECK_SECONDS)

    async def _work(self) -> None:
        redis = connect(self._settings.redis.get_secret_value())
        look_rarely()
        try:
            while await self._lose_everything(redis):
                log.warning("Redis is empty: putting everything together again, from the log")
        except* ExpansionSignalsError as failures:
            self.failure = _first(failures)
        except* Exception as failures:  # noqa: BLE001 -- `run_worker` raises it again once the application has ended
            self.failure = failures
        finally:
            await redis.aclose()
            if self.end is not None and not self.should_stop:
                # In a task of its own: the application, while it ends, waits for this one.
                self._ending = asyncio.create_task(self.end())

    async def _lose_everything(self, redis: Connection) -> bool:
        """Assemble the worker and run it; say whether it ended because Redis holds nothing any more."""
        lost = False
        try:
            self._assembled = await self._assembly.assemble(redis)
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(self._watch_idle()) if self._once_idle is not None else None
                await run_all(self._assembled.stages)
                if watching is not None:
                    watching.cancel()
        except* StateLost:
            lost = True
        finally:
            if self._assembled is not None:
                await self._assembled.publisher.stop()
        return lost and not self.should_stop

    async def _watch_idle(self) -> None:
        assert self._once_idle is not None  # noqa: S101 -- started only where it is set
        while True:
            since = self._status.idle_since()
            if since is not None and time.monotonic() - since >= self._once_idle:
                break
            await asyncio.sleep(_IDLE_CHECK_SECONDS)
        for stage in self._assembled.stages if self._assembled else ():
            stage.stop()


def _first(failures: BaseExceptionGroup[ExpansionSignalsError]) -> BaseException:
    failure: BaseException = failures
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure
