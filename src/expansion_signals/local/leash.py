"""A child process that cannot outlive us, however we end: a keeper beside it holds the leash.

The keeper's input is a pipe of ours. When we die, even by SIGKILL, the pipe closes and the keeper ends its process
group, which is the child and itself; no signal handler, no `atexit` and no feature of one platform is needed for it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LEASH = """
exec 3<&0
{ trap '' TERM; read -r nothing; kill -TERM 0; sleep 5; kill -KILL 0; } <&3 >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null
"""

_PATIENCE = 5.0
"""Seconds a child may take to end in good order."""


class LeashedProcess:
    """A running program; its output goes to a file. In a session of its own, so that Ctrl-C reaches only us."""

    def __init__(self, process: asyncio.subprocess.Process, output: Path) -> None:
        self._process = process
        self.output = output

    @classmethod
    async def start(cls, command: Sequence[str], output: Path, environment: Mapping[str, str] | None = None) -> Self:
        """Start this program with this environment (ours where none is given).

        Raises:
            OSError: there is no shell, or the output file cannot be opened.
        """
        with output.open("ab") as sink:
            return cls(await _spawn(command, sink, environment), output)

    @property
    def ended(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.returncode

    def said(self, lines: int = 20) -> str:
        """Return the last lines of its output: what to show when it ended unasked."""
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-lines:])

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit code."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Let it end in good order, or, where that takes too long, at once."""
        leash = self._process.stdin
        assert leash is not None  # noqa: S101 -- started with a pipe
        leash.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _PATIENCE)
        with suppress(ProcessLookupError):  # only the keeper is left, or the child that would not end with it
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


async def _spawn(
    command: Sequence[str], sink: IO[bytes], environment: Mapping[str, str] | None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        _LEASH,
        "leash",
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=sink,
        stderr=sink,
        env=environment,
        start_new_session=True,
    )
