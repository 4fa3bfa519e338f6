"""Fixtures for every test: real servers, shared, and a prefix that keeps the tests on them apart."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

from servers.absence import ServerAbsentError
from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis, chosen_kafka, chosen_redis
from servers.redis import RedisProcess, valkey_binary
from servers.redis_cluster import RedisClusterProcesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# No deadline for one example: the machine is shared, and a slow moment is no failure.
settings.register_profile("usual", deadline=None)
settings.register_profile("long", deadline=None, max_examples=3_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))

SERVER_FIXTURES = {"kafka", "redis_server", "new_redis", "valkey_url", "cluster_url", "own_cluster"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that `-m "not servers"` is all that runs anywhere."""
    for item in items:
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GivenKafka | Kafka]:
    """A broker for the whole run. Topics and groups belong under `prefix`; a test that stops it takes `own_kafka`."""
    try:
        with chosen_kafka(tmp_path_factory.mktemp("kafka")) as server:
            yield server
    except ServerAbsentError as absent:
        _missing(absent)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GivenRedis | Redis]:
    """A Redis for the whole run. Keys belong under `prefix`; a test that stops or wipes one takes `new_redis`."""
    try:
        with chosen_redis(tmp_path_factory.mktemp("redis")) as server:
            yield server
    except ServerAbsentError as absent:
        _missing(absent)


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
        _missing(absent)
    yield server.url
    server.remove()


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Redis Cluster is, for the whole run."""
    with _cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster.url


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[RedisClusterProcesses]:
    """A Redis Cluster for a test that kills its nodes."""
    with _cluster(tmp_path / "cluster") as cluster:
        yield cluster


@contextmanager
def _cluster(directory: Path) -> Iterator[RedisClusterProcesses]:
    try:
        cluster = RedisClusterProcesses(directory)
    except ServerAbsentError as absent:
        _missing(absent)
    try:
        cluster.start()
        yield cluster
    except ServerAbsentError as absent:
        _missing(absent)
    finally:
        cluster.remove()


@pytest.fixture
def own_kafka(kafka: GivenKafka | Kafka) -> Iterator[Kafka]:
    """The broker of this run, for a test that stops, kills or restarts it; afterwards it is up again."""
    if isinstance(kafka, GivenKafka):
        pytest.skip("the broker was given by the environment: it is not ours to stop")
    yield kafka
    kafka.start()


@pytest.fixture
def new_redis(tmp_path: Path) -> Iterator[Callable[[], RedisProcess]]:
    """Starts a further Redis at each call, as a process: to kill, to cut, to wipe."""
    started: list[RedisProcess] = []

    def start() -> RedisProcess:
        try:
            server = RedisProcess(tmp_path / f"redis-{len(started)}")
            server.start()
        except ServerAbsentError as absent:
            _missing(absent)
        started.append(server)
        return server

    yield start
    for server in started:
        server.remove()


@pytest.fixture
def prefix() -> str:
    """Put before every topic, group and key of one test: tests share servers and never meet."""
    return f"t{uuid.uuid4().hex[:10]}-"


def _missing(absent: ServerAbsentError) -> NoReturn:
    """A laptop without servers skips and says so; CI must not pass by having none."""
    if os.environ.get("CI") == "true" or os.environ.get("EXPANSION_SIGNALS_REQUIRE_SERVERS"):
        pytest.fail(str(absent), pytrace=False)
    pytest.skip(str(absent))
