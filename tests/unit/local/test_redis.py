from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from expansion_signals.local.redis import embedded_redis
from servers.waiting import until_async

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"

PARENT = """
import asyncio, pathlib, sys
from expansion_signals.local.redis import embedded_redis

async def main():
    async with embedded_redis(pathlib.Path(sys.argv[1])) as address:
        print(address, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def _port(address: str) -> int:
    return int(address.rpartition(":")[2].partition("/")[0])


async def _ask(port: int, *words: str) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(" ".join(words).encode() + b"\r\n")
    answer = await reader.read(1000)
    writer.close()
    await writer.wait_closed()
    return answer


async def _closed(port: int) -> bool:
    async def refuses() -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            return True
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return False

    return await until_async(refuses, seconds=10, waiting_for=f"port {port} to be closed")


async def test_the_server_never_evicts(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path) as address:
        assert b"noeviction" in await _ask(_port(address), "CONFIG", "GET", "maxmemory-policy")


async def test_the_server_ends_with_its_context(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path) as address:
        pass
    assert await _closed(_port(address))


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_the_server_does_not_outlive_its_parent(tmp_path: Path, deadly: signal.Signals) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert parent.stdout is not None
    port = _port((await parent.stdout.readline()).decode().strip())
    parent.send_signal(deadly)
    await parent.wait()
    assert await _closed(port)
