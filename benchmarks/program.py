"""A contender as a child process."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

END_SECONDS = 15


class Running(Protocol):
    """A process that works off the topic."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def alive(self) -> bool:
        """Say whether it runs."""

    def stop(self) -> int:
        """SIGTERM; return the exit code."""

    def kill(self) -> None:
        """SIGKILL; does nothing while it is down."""

    def log(self) -> str:
        """Return everything it has said."""


class Program:
    """A command of its own process group, with its output in a file."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._child = subprocess.Popen(
                command, env=os.environ | dict(environment), stdout=output, stderr=output, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def alive(self) -> bool:
        """Say whether it runs."""
        return self._child.poll() is None

    def stop(self) -> int:
        """SIGTERM; return the exit code, that of SIGKILL if it did not end in time."""
        self._child.terminate()
        try:
            return self._child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._child.wait(END_SECONDS)

    def kill(self) -> None:
        """SIGKILL to it and what it has started; does nothing once it has ended."""
        if self.alive():
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait(END_SECONDS)

    def log(self) -> str:
        """Return everything it has said."""
        return self._log.read_text(errors="replace")
