"""Which Kafka and which Redis the tests run on: the first of three ways that is open here."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from servers.absence import ServerAbsentError
from servers.containers import KafkaInDocker, RedisInDocker
from servers.kafka import KafkaProcess
from servers.redis import RedisProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

KAFKA_VARIABLE = "EXPANSION_SIGNALS_TEST_KAFKA"
REDIS_VARIABLE = "EXPANSION_SIGNALS_TEST_REDIS"


class Server(Protocol):
    """What this machine runs for the tests, and can end."""

    def start(self) -> None:
        """Start it unless it runs, and wait until it answers."""

    def stop(self) -> None:
        """Ask it to end, and wait."""

    def kill(self) -> None:
        """SIGKILL."""

    def remove(self) -> None:
        """End it and forget what it holds."""


class Kafka(Server, Protocol):
    """A broker that the tests may stop."""

    bootstrap: str

    def restart(self) -> None:
        """Stop, then start."""


class Redis(Server, Protocol):
    """A Redis that the tests may stop."""

    url: str


@dataclass(frozen=True, slots=True)
class GivenKafka:
    """A broker that somebody else runs: it is used, never stopped."""

    bootstrap: str


@dataclass(frozen=True, slots=True)
class GivenRedis:
    """A Redis that somebody else runs: it is used, never stopped and never flushed."""

    url: str


Started = TypeVar("Started", bound=Server)


@contextmanager
def chosen_kafka(directory: Path) -> Iterator[GivenKafka | Kafka]:
    """Given by the environment, else in Docker, else started here.

    Raises:
        ServerAbsentError: no way is open; with the reason for each.
    """
    if bootstrap := os.environ.get(KAFKA_VARIABLE):
        yield GivenKafka(bootstrap)
        return
    ways: list[Callable[[], Kafka]] = [KafkaInDocker, lambda: KafkaProcess(directory)]
    server = _first_that_starts("Kafka", ways)
    try:
        yield server
    finally:
        server.remove()


@contextmanager
def chosen_redis(directory: Path) -> Iterator[GivenRedis | Redis]:
    """Given by the environment, else in Docker, else started here.

    Raises:
        ServerAbsentError: no way is open; with the reason for each.
    """
    if url := os.environ.get(REDIS_VARIABLE):
        yield GivenRedis(url)
        return
    ways: list[Callable[[], Redis]] = [RedisInDocker, lambda: RedisProcess(directory)]
    server = _first_that_starts("Redis", ways)
    try:
        yield server
    finally:
        server.remove()


def _first_that_starts(name: str, ways: Iterable[Callable[[], Started]]) -> Started:
    reasons = []
    for way in ways:
        try:
            server = way()
            server.start()
        except ServerAbsentError as closed:
            reasons.append(str(closed))
        else:
            return server
    raise ServerAbsentError(f"no {name} to test on: {'; '.join(reasons)}")
