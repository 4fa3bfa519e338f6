"""One server as a child process: its log, its death, and a port nobody else has."""

from __future__ import annotations

import signal
import socket
import subprocess
from typing import TYPE_CHECKING

from servers.absence import ServerAbsentError
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

STOP_SECONDS = 20
LOG_LINES_SHOWN = 15


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """A command that runs until told otherwise. Its output goes to `log`, one file over all its lives."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = command
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, for SIGSTOP and SIGCONT; None while it is down."""
        return None if self._child is None else self._child.pid

    def launch(self) -> None:
        """Start it if it is down. Returns at once: readiness is another question."""
        if self._child is None:
            with self._log.open("ab") as log:
                self._child = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)

    def wait_until(self, answers: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `answers` says yes.

        Raises:
            ServerAbsentError: the process died first, or the time is over; with the end of its log.
        """

        def up_or_dead() -> bool:
            return self._has_died() or answers()

        try:
            until(up_or_dead, seconds=seconds, waiting_for=self._command[0])
        except TimeoutError:
            raise ServerAbsentError(f"no answer within {seconds:g} s; end of its log:\n{self._log_end()}") from None
        if self._has_died():
            raise ServerAbsentError(f"died while starting; end of its log:\n{self._log_end()}")

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait; does nothing while it is down."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a word (SIGKILL), as a power cut would end it; does nothing while it is down."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._child is not None:
            self._child.send_signal(how)
            self._child.wait(timeout=STOP_SECONDS)
            self._child = None

    def _has_died(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _log_end(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])
