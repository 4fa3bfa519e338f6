"""SIGTERM in the middle of load: the worker finishes what it has, leaves the group, and is gone within 10 s.

With a server away at that moment it has nothing to finish, and is gone as soon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import AdminClient

from outside import load
from outside.aftermath import UNHARMED, aftermath
from outside.deployment import Deployment
from servers.kafka import KafkaProcess
from servers.standstill import stand_still
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis
    from servers.redis import RedisProcess

DRAIN_SECONDS = 10
SECONDS = 60
ACCOUNTS, ROUNDS = 500, 60


def under_load(deployment: Deployment) -> Worker:
    """Start a worker, and return once it is in the middle of a load."""
    worker = deployment.worker().start().until_ready()
    deployment.product.profiles(*load.profiles(ACCOUNTS))
    deployment.product.send(*load.usage(ACCOUNTS, ROUNDS))
    until(lambda: sum(worker.tallies().values()) >= 1, seconds=SECONDS, waiting_for="the first events counted")
    return worker


def members(deployment: Deployment) -> int:
    """Return how many members the groups have by now."""
    names = [f"{deployment.prefix}expansion-{stage}" for stage in ("metering", "deciding")]
    administrator = AdminClient({"bootstrap.servers": deployment.kafka, "log_level": 0})
    groups = administrator.describe_consumer_groups(names)
    return sum(len(group.result().members) for group in groups.values())


def test_a_worker_told_to_end_under_load_leaves_at_once_and_with_0(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    # With a session this long, only a member that has left is gone when it is asked for.
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path, {"SESSION_TIMEOUT_SECONDS": "60"}) as deployment:
        worker = under_load(deployment)
        assert (worker.stop(DRAIN_SECONDS), members(deployment)) == (0, 0)


def test_a_worker_told_to_end_under_load_does_no_harm(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = under_load(deployment)
        worker.stop(DRAIN_SECONDS)
        deployment.worker().run_dry()
        assert aftermath(deployment, load.LIMIT) == UNHARMED


@pytest.mark.parametrize("end", ["killed", "frozen"])
def test_a_worker_told_to_end_with_redis_away_ends_as_soon(
    end: str, kafka: GivenKafka | Kafka, new_redis: Callable[[], RedisProcess], tmp_path: Path
) -> None:
    redis = new_redis()
    with Deployment(kafka.bootstrap, redis.url, tmp_path) as deployment:
        worker = under_load(deployment)
        assert redis.pid is not None
        redis.kill() if end == "killed" else stand_still(redis.pid)
        assert worker.stop(DRAIN_SECONDS) == 0


def test_a_worker_told_to_end_with_kafka_killed_ends_as_soon(
    own_kafka: Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(own_kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = under_load(deployment)
        own_kafka.kill()
        assert worker.stop(DRAIN_SECONDS) == 0


def test_a_worker_told_to_end_with_kafka_frozen_ends_as_soon(
    own_kafka: Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    if not isinstance(own_kafka, KafkaProcess) or own_kafka.pid is None:
        pytest.skip("only a broker that is a process of this machine can be frozen")
    with Deployment(own_kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = under_load(deployment)
        stand_still(own_kafka.pid)
        try:
            assert worker.stop(DRAIN_SECONDS) == 0
        finally:
            own_kafka.kill()
