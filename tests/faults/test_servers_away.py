"""A worker started before its servers: it says what it waits for and where, and begins when they come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from outside.worker import Answer, Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis
    from servers.redis import RedisProcess

import pytest

SECONDS = 30


def until_it_waits(worker: Worker, server: str) -> Answer:
    """Wait until `/readyz` names the server that is away, and return that answer."""

    def waiting() -> Answer | None:
        answer = worker.page("/readyz")
        return answer if server in answer.body else None

    answer = until(waiting, seconds=SECONDS, waiting_for=f"/readyz to name {server}")
    assert answer is not None
    return answer


@pytest.fixture
def without_redis(
    kafka: GivenKafka | Kafka, new_redis: Callable[[], RedisProcess], tmp_path: Path
) -> Iterator[tuple[Deployment, Worker, RedisProcess]]:
    redis = new_redis()
    redis.stop()
    with Deployment(kafka.bootstrap, redis.url, tmp_path) as deployment:
        yield deployment, deployment.worker().start(), redis


def test_a_worker_without_redis_says_so_and_begins_when_it_comes(
    without_redis: tuple[Deployment, Worker, RedisProcess],
) -> None:
    deployment, worker, redis = without_redis
    refused = until_it_waits(worker, "Redis")
    assert (refused.status, worker.page("/healthz").status) == (503, 200)
    assert re.search(rf"waiting: .*Redis.*{redis.port}", worker.log())
    redis.start()
    deployment.product.profile("acct-1", "free")
    deployment.product.send(usage_event("acct-1", 850))
    assert deployment.topic(TRIGGERS).until(lambda _: True)
    assert worker.page("/readyz").status == 200


def test_a_worker_without_kafka_says_so_and_begins_when_it_comes(
    own_kafka: Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(own_kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        deployment.product.profile("acct-1", "free")
        deployment.product.send(usage_event("acct-1", 850))
        own_kafka.kill()
        worker = deployment.worker().start()
        refused = until_it_waits(worker, own_kafka.bootstrap)
        assert (refused.status, worker.page("/healthz").status) == (503, 200)
        assert re.search(rf"waiting: .*Kafka.*{own_kafka.bootstrap}", worker.log())
        assert "ECONNREFUSED" not in worker.log()
        own_kafka.start()
        assert deployment.topic(TRIGGERS).until(lambda _: True, seconds=SECONDS)
        assert worker.page("/readyz").status == 200
