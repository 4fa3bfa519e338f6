"""A TCP forwarder: gives the embedded broker, which cannot choose its port, a fixed one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CHUNK = 1 << 16


@asynccontextmanager
async def forward(port: int, target: str) -> AsyncIterator[None]:
    """Accept connections on this port of 127.0.0.1 and carry their bytes to and from `target` (`host:port`)."""
    host, _, target_port = target.rpartition(":")
    connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- a server's callback always runs in a task
        connections[task] = writer
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(target_port))
        except OSError:
            writer.close()
        else:
            await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
        finally:
            del connections[task]

    server = await asyncio.start_server(connect, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        # Closed, not cancelled: asyncio would report a cancelled connection as a failure of its own.
        for writer in connections.values():
            writer.close()
        await asyncio.gather(*connections)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # A side that breaks off ends the other side too: closing is all that is left to tell it.
    try:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                writer.write(chunk)
                await writer.drain()
    finally:
        writer.close()
