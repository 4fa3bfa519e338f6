"""`usage-events` gets more partitions under a running worker: their events are counted once, and none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka.admin import AdminClient, NewPartitions

from outside import load
from outside.aftermath import UNHARMED, aftermath
from outside.deployment import Deployment
from outside.product import Product

if TYPE_CHECKING:
    from pathlib import Path

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

ACCOUNTS, ROUNDS = 200, 20
MORE = 8
NOTICED_SECONDS = 60


def add_partitions(kafka: str, topic: str) -> int:
    """Give the topic eight partitions more, and return the number of the first of them."""
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    before = len(admin.list_topics(topic, timeout=10).topics[topic].partitions)
    for added in admin.create_partitions([NewPartitions(topic, before + MORE)]).values():
        added.result(timeout=30)
    return before


def test_partitions_added_under_a_running_worker_do_no_harm(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = deployment.worker().start()
        deployment.product.profiles(*load.profiles(ACCOUNTS))
        before, after = load.halves(load.usage(ACCOUNTS, ROUNDS))
        deployment.product.send(*before)
        worker.until_settled(len(before))
        first_added = add_partitions(kafka.bootstrap, f"{deployment.prefix}usage-events")
        # A client that comes new knows the new partitions, and puts half of the accounts elsewhere than before.
        Product(kafka.bootstrap, deployment.prefix, deployment.product.sent).send(*after)
        worker.until_settled(len(before) + len(after), seconds=NOTICED_SECONDS)
        there = {record.partition for record in deployment.records("usage-events")}
        assert there >= set(range(first_added, first_added + MORE))
        assert aftermath(deployment, load.LIMIT) == UNHARMED
