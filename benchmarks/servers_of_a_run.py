"""A Kafka for all runs, and a Redis of its own for each."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from servers.kafka import KafkaProcess
from servers.redis import RedisProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """The Redis of one run, empty when it begins."""

    url: str
    client: redis.Redis

    def cpu_seconds(self) -> float:
        """Return what it has computed so far, its background threads among it."""
        used = self.client.info("cpu")
        return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


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
def empty_redis(directory: Path) -> Iterator[Redis]:
    """Start a Redis; it ends, and its files go, with the block."""
    process = RedisProcess(directory / "redis", options=NO_REWRITE)
    process.start()
    try:
        with redis.Redis.from_url(process.url) as client:
            yield Redis(process.url, client)
    finally:
        process.remove()
        shutil.rmtree(directory / "redis", ignore_errors=True)
