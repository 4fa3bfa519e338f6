"""Redis and Kafka die under a live worker, in the middle of load: it waits, goes on, and everything is exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outside import load
from outside.aftermath import UNHARMED, aftermath
from outside.deployment import Deployment
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis
    from servers.redis import RedisProcess

SECONDS = 60
ACCOUNTS, ROUNDS = 500, 60


def begin(deployment: Deployment) -> Worker:
    """Start a worker and send a load, which is under way on return; several polls, so that some are acknowledged."""
    worker = deployment.worker(POLL_RECORDS="2000").start().until_ready()
    deployment.product.profiles(*load.profiles(ACCOUNTS))
    deployment.product.begin(*load.usage(ACCOUNTS, ROUNDS))
    return worker


def until_counted(worker: Worker, deployment: Deployment, part: float) -> None:
    count = part * len(deployment.product.sent)
    until(lambda: sum(worker.tallies().values()) >= count, seconds=SECONDS, waiting_for=f"{count} events counted")


def until_it_waits(worker: Worker) -> None:
    """Wait until the worker says of itself that it is not ready."""
    until(
        lambda: not worker.readiness().get("ready", True),
        seconds=SECONDS,
        waiting_for="the worker to say it is not ready",
    )


def forget(redis: RedisProcess, size: int) -> None:
    """Cut so many bytes off the end of the append-only file, as a power cut may."""
    (written,) = (redis.directory / "appendonlydir").glob("*.incr.aof")
    with written.open("r+b") as file:
        file.truncate(written.stat().st_size - size)


def test_redis_killed_and_back_even_without_its_last_writes_does_no_harm(
    kafka: GivenKafka | Kafka, new_redis: Callable[[], RedisProcess], tmp_path: Path
) -> None:
    redis = new_redis()
    with Deployment(kafka.bootstrap, redis.url, tmp_path) as deployment:
        worker = begin(deployment)
        until_counted(worker, deployment, 0.2)
        redis.kill()
        until_it_waits(worker)
        redis.start()
        until_counted(worker, deployment, 0.9)
        redis.kill()
        forget(redis, 100_000)
        redis.start()
        deployment.product.flush()
        # What deciding alone has lost is found when it next looks, some seconds after all was counted.
        told = "has lost what it had acknowledged"
        until(lambda: told in worker.log(), seconds=SECONDS, waiting_for="the worker to tell of the loss")
        worker.until_settled(len(deployment.product.sent), seconds=SECONDS)
        assert aftermath(deployment, load.LIMIT) == UNHARMED


def test_kafka_killed_and_started_again_does_no_harm(
    own_kafka: Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(own_kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = begin(deployment)
        until_counted(worker, deployment, 0.2)
        own_kafka.kill()
        own_kafka.start()
        deployment.product.flush()
        worker.until_settled(len(deployment.product.sent), seconds=SECONDS)
        assert aftermath(deployment, load.LIMIT) == UNHARMED
