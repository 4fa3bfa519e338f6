"""Several workers of one deployment, as one process with children."""

from __future__ import annotations

import os
import shlex
import signal
from typing import TYPE_CHECKING

from benchmarks.ours import Ours, settings_of
from benchmarks.program import Program
from outside.worker import COMMAND, environment
from servers.processes import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.program import Running
    from benchmarks.stage import Beginning, Stage


class Team(Ours):
    """So many workers, which share the partitions."""

    def __init__(self, name: str, events: int, beginning: Beginning, workers: int) -> None:
        super().__init__(name, events, beginning)
        self._workers = workers

    def start(self, stage: Stage) -> Running:
        """Start all of them at once, by a shell that waits for them."""
        one = shlex.join([*COMMAND, "worker", "--accept-log"])
        addresses = [f"127.0.0.1:{free_port()}" for _ in range(self._workers)]
        started = " ".join(f"EXPANSION_SIGNALS_HTTP={address} {one} &" for address in addresses)
        return _Group(
            f"trap : TERM; {started} wait; wait", environment(settings_of(stage)), stage.directory / "worker.log"
        )


class _Group(Program):
    """A shell and what it has started: all of it is stopped, not the shell alone."""

    def __init__(self, script: str, settings: dict[str, str], log: Path) -> None:
        super().__init__(["sh", "-c", script], settings, log)

    def stop(self) -> int:
        """SIGTERM to all; return the shell's exit code."""
        os.killpg(self.pid, signal.SIGTERM)
        return super().stop()
