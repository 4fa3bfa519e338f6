"""Redis loses shards, or everything: they are made anew from the log, by themselves, and everything is exact."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from redis import Redis as Client

from outside import load
from outside.aftermath import UNHARMED, aftermath
from outside.deployment import Deployment
from servers.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

SECONDS = 60
ACCOUNTS, ROUNDS = 300, 40
LOST = (3, 17, 42)


def begin(deployment: Deployment) -> Worker:
    """Start a worker and send a load, of which a part is counted on return."""
    worker = deployment.worker().start().until_ready()
    deployment.product.profiles(*load.profiles(ACCOUNTS))
    deployment.product.begin(*load.usage(ACCOUNTS, ROUNDS))
    until(
        lambda: sum(worker.tallies().values()) >= len(deployment.product.sent) / 3,
        seconds=SECONDS,
        waiting_for="a third of the load to be counted",
    )
    return worker


def delete(deployment: Deployment, pattern: str) -> None:
    """Delete every key of this pattern at one moment, as the loss of a node does."""
    with Client.from_url(deployment.redis) as redis:
        redis.eval("return redis.call('DEL', unpack(redis.call('KEYS', ARGV[1])))", 0, deployment.prefix + pattern)


def published(deployment: Deployment) -> Counter[str]:
    """Return how often each trigger stands on its topic."""
    return Counter(found.event["id"] for found in deployment.triggers())


def test_shards_lost_under_live_workers_are_made_anew_while_the_others_go_on(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = begin(deployment)
        for shard in LOST:
            delete(deployment, f"es:{{{shard}}}:*")
        deployment.product.flush()
        worker.until_settled(len(deployment.product.sent), seconds=SECONDS)
        assert "Redis has lost 3 of 64 shards" in worker.log()
        assert aftermath(deployment, load.LIMIT) == UNHARMED


def test_everything_lost_under_a_live_worker_is_made_anew_from_the_log(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = begin(deployment)
        delete(deployment, "*")
        deployment.product.flush()
        worker.until_settled(len(deployment.product.sent), seconds=SECONDS)
        assert "Redis is empty" in worker.log()
        assert aftermath(deployment, load.LIMIT) == UNHARMED


def test_everything_lost_while_no_worker_runs_fires_nothing_again(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        deployment.product.profiles(*load.profiles(ACCOUNTS))
        deployment.product.begin(*load.usage(ACCOUNTS, ROUNDS))
        deployment.product.flush()
        worker = deployment.worker()
        worker.run_dry()
        before = published(deployment)
        delete(deployment, "*")
        worker.run_dry()
        assert aftermath(deployment, load.LIMIT) == UNHARMED
        assert (bool(before), published(deployment)) == (True, before)
