"""Running a worker: from settings to an exit code."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any

import faust

from expansion_signals.configuration_files import read_directory
from expansion_signals.errors import RejectedSettings
from expansion_signals.rules.loading import load
from expansion_signals.settings import ENVIRONMENT_PREFIX
from expansion_signals.worker.application import application
from expansion_signals.worker.assembly import Assembly
from expansion_signals.worker.log_lines import log_to
from expansion_signals.worker.metrics import Metrics
from expansion_signals.worker.service import WorkerService
from expansion_signals.worker.status import Status
from expansion_signals.worker.traces import traces_of

if TYPE_CHECKING:
    from expansion_signals.settings import Settings

log = logging.getLogger(__name__)


def run_worker(
    settings: Settings, once_idle: float | None = None, *, force: bool = False, accept_log: bool = False
) -> None:
    """Run a worker until it is told to stop, or for `once_idle` seconds without anything left to read.

    `force` accepts a configuration that a later one has replaced, `accept_log` a log that does not fit the state.

    Raises:
        RejectedSettings: another process listens where the pages should be; or traces are asked for without `[otel]`.
        RejectedConfiguration: catalog or rules cannot take effect; every problem.
        Rejected: what ended the worker.
    """
    log_to(level=settings.log_level, form=settings.log_format)
    _refuse_taken(settings.http)
    configuration = load(read_directory(settings.config))
    for warning in configuration.warnings:
        log.warning("%s", warning)
    status, metrics, traces = Status(), Metrics(), traces_of(settings)
    assembly = Assembly(settings, configuration, status, metrics, traces, force=force, accept_log=accept_log)
    service = WorkerService(settings, assembly, status, once_idle)
    app = application(settings, status, metrics, service)
    with asyncio.Runner() as runner:
        worker = _Worker(app, loop=runner.get_loop(), override_logging=False, redirect_stdouts=False, quiet=True)
        service.end = worker.stop
        try:
            runner.run(worker.run())
        finally:
            traces.close()
    if service.failure is not None:
        raise service.failure


class _Worker(faust.Worker):
    """Faust's worker without its command-line entry, which sleeps for up to two seconds before it leaves."""

    def __init__(self, *services: Any, **options: Any) -> None:  # noqa: ANN401 -- Faust's signature
        super().__init__(*services, **options)
        self.spinner = None  # a log is no terminal
        self._left = asyncio.Event()

    async def run(self) -> None:
        """Run until a signal, the service or a crash ends it, and everything in it has stopped."""
        try:
            await self.start()
        finally:
            await self.stop()  # does nothing if it is under way: then its end is waited for
            await self._left.wait()
        if self.crash_reason is not None:
            raise self.crash_reason

    async def on_shutdown(self) -> None:
        """Note the end of `stop`."""
        self._left.set()


def _refuse_taken(http: str) -> None:
    """Try the address before Faust does, which has a traceback for it and no word of the setting."""
    host, _, port = http.rpartition(":")
    try:
        socket.create_server((host, int(port))).close()
    except OSError as error:
        raise RejectedSettings(
            f"{ENVIRONMENT_PREFIX}HTTP: cannot listen on {http}: {error.strerror}; choose another port for the pages"
        ) from None
