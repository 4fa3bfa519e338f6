"""Fixtures for every test: real servers, shared, and a prefix that keeps the tests on them apart."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from servers.absence import ServerAbsentError, missing
from servers.asyncapi_parser import AsyncApiParser
from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis, chosen_kafka, chosen_redis
from servers.redis import RedisProcess, valkey_binary
from servers.redis_cluster import RedisClusterProcesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# No deadline for one example: the machine is shared, and a slow moment is no failure.
# CI judges a change by the same examples each time; laptops and the long profile go on searching.
REPEATED = "CI" in os.environ
settings.register_profile("usual", deadline=None, derandomize=REPEATED, max_examples=30)  # `make check`, in 90 s
settings.register_profile("full", deadline=None, derandomize=REPEATED, max_examples=150)  # `make test`
settings.register_profile("long", deadline=None, max_examples=3_000)  # `make test-long`
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))

SERVER_FIXTURES = {
    "asyncapi_parser",
    "cluster",
    "kafka",
    "mortal_kafka",
    "new_redis",
    "own_cluster",
    "redis_server",
    "valkey_url",
}
LONGEST = ("faults", "end_to_end", "docs", "integration", "properties")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that `-m "not servers"` is all that runs anywhere; put what waits most first."""
    for item in items:
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)
    # Files are shared out in this order: a long one that came last would keep one process busy and the others idle.
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, folder in enumerate(LONGEST) if folder in item.path.parts), len(LONGEST))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GivenKafka | Kafka]:
    """A broker for the whole run. Topics and groups belong under `prefix`; a test that stops it takes `own_kafka`."""
    yield from _kafka(tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GivenRedis | Redis]:
    """A Redis for the whole run. Keys belong under `prefix`; a test that stops or wipes one takes `new_redis`."""
    try:
        with chosen_redis(tmp_path_factory.mktemp("redis")) as server:
            yield server
    except ServerAbsentError as absent:
        missing(absent)


@pytest.fixture
def redis_url(redis_server: GivenRedis | Redis) -> str:
    """Where the shared Redis is."""
    return redis_server.url


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Valkey is, for the whole run."""
    try:
        server = RedisProcess(tmp_path_factory.mktemp("valkey"), binary=valkey_binary())
        server.start()
    except ServerAbsentError as absent:
        missing(absent)
    yield server.url
    server.remove()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisClusterProcesses]:
    """A Redis Cluster for the whole run; a test that kills its nodes takes `own_cluster`."""
    yield from _cluster(tmp_path_factory.mktemp("cluster"))


@pytest.fixture
def cluster_url(cluster: RedisClusterProcesses) -> str:
    """Where the shared Redis Cluster is."""
    return cluster.url


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[RedisClusterProcesses]:
    """A Redis Cluster for a test that kills its nodes, or moves what they hold."""
    yield from _cluster(tmp_path / "cluster")


@pytest.fixture(scope="session")
def mortal_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GivenKafka | Kafka]:
    """A broker with few topics: one that was killed looks through all of them before it answers."""
    yield from _kafka(tmp_path_factory.mktemp("mortal-kafka"))


@pytest.fixture
def own_kafka(mortal_kafka: GivenKafka | Kafka) -> Kafka:
    """A broker for a test that stops, kills or restarts it; it is up again before the next one."""
    if isinstance(mortal_kafka, GivenKafka):
        pytest.skip("the broker was given by the environment: it is not ours to stop")
    mortal_kafka.start()
    return mortal_kafka


@pytest.fixture
def new_redis(tmp_path: Path) -> Iterator[Callable[[], RedisProcess]]:
    """Starts a further Redis at each call, as a process: to kill, to cut, to wipe."""
    started: list[RedisProcess] = []

    def start() -> RedisProcess:
        try:
            server = RedisProcess(tmp_path / f"redis-{len(started)}")
            server.start()
        except ServerAbsentError as absent:
            missing(absent)
        started.append(server)
        return server

    yield start
    for server in started:
        server.remove()


@pytest.fixture(scope="session")
def asyncapi_parser() -> AsyncApiParser:
    """The official parser of AsyncAPI documents, which npm fetches once for this machine."""
    try:
        return AsyncApiParser()
    except ServerAbsentError as absent:
        missing(absent)


@pytest.fixture
def prefix() -> str:
    """Put before every topic, group and key of one test: tests share servers and never meet."""
    return f"t{uuid.uuid4().hex[:10]}-"


def _kafka(directory: Path) -> Iterator[GivenKafka | Kafka]:
    try:
        with chosen_kafka(directory) as server:
            yield server
    except ServerAbsentError as absent:
        missing(absent)


def _cluster(directory: Path) -> Iterator[RedisClusterProcesses]:
    try:
        cluster = RedisClusterProcesses(directory)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.remove()
    except ServerAbsentError as absent:
        missing(absent)
