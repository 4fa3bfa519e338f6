"""A Kafka for all runs, and a Redis of its own for each."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from servers.absence import ServerAbsentError
from servers.kafka import KafkaProcess
from servers.redis import RedisProcess
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

SAVED_SECONDS = LOADED_SECONDS = 600
APPEND_ONLY = "appendonlydir"
NO_REWRITE = ("--auto-aof-rewrite-percentage", "0")
"""The append-only file is never rewritten: in runs of seconds it would be luck whom that hits."""


@dataclass(frozen=True)
class Kafka:
    """The broker, and a folder for what a run writes."""

    bootstrap: str
    pid: int
    directory: Path


@dataclass(frozen=True)
class Redis:
    """The Redis of one run."""

    url: str
    client: redis.Redis
    directory: Path

    def cpu_seconds(self) -> float:
        """Return what it has computed so far, its background threads among it."""
        used = self.client.info("cpu")
        return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])

    def save(self, folder: Path) -> None:
        """Keep what it holds, for others to begin with; nobody may write meanwhile."""
        self.client.bgrewriteaof()
        until(self._is_written, seconds=SAVED_SECONDS, waiting_for="Redis to write its file anew")
        shutil.copytree(self.directory / APPEND_ONLY, folder)

    def _is_written(self) -> bool:
        said = self.client.info("persistence")
        return not (said["aof_rewrite_in_progress"] or said["aof_rewrite_scheduled"])


@contextmanager
def kafka() -> Iterator[Kafka]:
    """Start the broker; it ends, and all files go, with the block."""
    with tempfile.TemporaryDirectory(prefix="expansion-signals-bench-") as name:
        directory = Path(name)
        (directory / "kafka").mkdir()
        process = KafkaProcess(directory / "kafka")
        process.start()
        assert process.pid is not None
        try:
            yield Kafka(process.bootstrap, process.pid, directory)
        finally:
            process.remove()


@contextmanager
def own_redis(directory: Path, saved: Path | None = None) -> Iterator[Redis]:
    """Start a Redis, empty or with what was saved; it ends, and its files go, with the block."""
    if saved is not None:
        shutil.copytree(saved, directory / "redis" / APPEND_ONLY)
    process = RedisProcess(directory / "redis", options=NO_REWRITE)
    _start(process)
    try:
        with redis.Redis.from_url(process.url) as client:
            yield Redis(process.url, client, directory / "redis")
    finally:
        process.remove()
        shutil.rmtree(directory / "redis", ignore_errors=True)


def _start(process: RedisProcess) -> None:
    """Start it, and wait as long as it loads its files: a million accounts take longer than tests wait."""
    deadline = time.monotonic() + LOADED_SECONDS
    while True:
        try:
            return process.start()
        except ServerAbsentError:
            if "loading" not in _said(process) or time.monotonic() > deadline:
                process.remove()
                raise


def _said(process: RedisProcess) -> str:
    with redis.Redis.from_url(process.url, socket_timeout=5) as client:
        try:
            client.ping()
        except redis.RedisError as error:
            return str(error).lower()
    return "loading is through"
