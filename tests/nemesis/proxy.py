"""A TCP proxy before a server of this machine, that cuts connections, delays what they carry, or swallows it."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from servers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = "127.0.0.1"

_AT_ONCE = 1 << 20
"""Bytes: what comes while a piece is held back goes with the next one, so a delay narrows little."""

_RESET = struct.pack("ii", 1, 0)
"""Linger for no time: what is closed so sends RST."""


class _End(NamedTuple):
    """One of the two ends of a connection through the proxy."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def cut(self) -> None:
        if not self.writer.is_closing():
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()


@dataclass(eq=False)
class _Connection:
    """A client on one end, the server on the other; `swallowed`, neither hears of the other again."""

    client: _End
    server: _End
    swallowed: bool

    def cut(self) -> None:
        self.client.cut()
        self.server.cut()


class Proxy:
    """Leads who connects to `port` to the server on port `target`; it works in a thread of its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self._delay = 0.0
        self._silent = False
        self._connections: dict[_Connection, asyncio.Future[None]] = {}
        self._begun = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name=f"proxy of {target}")

    def __enter__(self) -> Self:
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def cut(self) -> None:
        """End every connection that stands by RST, on both ends."""
        self._for_each(_Connection.cut)

    @contextmanager
    def delayed(self, seconds: float) -> Iterator[None]:
        """Hold back all bytes, in both directions, for so long."""
        self._delay = seconds
        try:
            yield
        finally:
            self._delay = 0.0

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Swallow what connections carry, of those that stand and of new ones; who connects afterwards is led on.

        A connection that was swallowed once stays so: no bytes, no FIN, as behind a firewall that has forgotten it.
        """
        self._silent = True
        self._for_each(_swallow)
        try:
            yield
        finally:
            self._silent = False

    def _for_each(self, harm: Callable[[_Connection], None]) -> None:
        async def harmed() -> None:
            for connection in self._connections:
                harm(connection)

        asyncio.run_coroutine_threadsafe(harmed(), self._loop).result()

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._lead, HERE, self.port, limit=_AT_ONCE)
        self._begun.set()
        await self._ended.wait()
        server.close()
        for connection in self._connections:
            connection.cut()
        await asyncio.gather(*self._connections.values())

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _End(reader, writer)
        try:
            server = _End(*await asyncio.open_connection(HERE, self.target, limit=_AT_ONCE))
        except OSError:  # the server is away
            client.cut()
            return
        connection = _Connection(client, server, self._silent)
        self._connections[connection] = carrying = asyncio.gather(
            self._carry(connection, client.reader, server.writer), self._carry(connection, server.reader, client.writer)
        )
        await carrying
        del self._connections[connection]
        if connection.swallowed:  # both ends have given up by themselves
            connection.cut()

    async def _carry(self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes in one direction until their end, and tell the other end of it."""
        try:
            while piece := await reader.read(_AT_ONCE):
                await asyncio.sleep(self._delay)
                if not connection.swallowed:
                    writer.write(piece)
                    await writer.drain()
        except OSError:  # an end was cut, or died
            if not connection.swallowed:
                connection.cut()
        else:
            if not connection.swallowed:
                writer.close()


def _swallow(connection: _Connection) -> None:
    connection.swallowed = True
