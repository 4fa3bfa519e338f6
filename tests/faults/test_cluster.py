"""The worker on a Redis Cluster: from an event to a trigger, and through the death of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outside import load
from outside.aftermath import UNHARMED, aftermath
from outside.counters import counters
from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event
from servers.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka
    from servers.redis_cluster import RedisClusterProcesses

SECONDS = 60
ACCOUNTS, ROUNDS = 500, 60


def test_usage_counted_on_a_cluster_fires_at_80_percent(
    kafka: GivenKafka | Kafka, cluster_url: str, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, cluster_url, tmp_path) as deployment:
        deployment.worker().start().until_ready()
        deployment.product.profile("acct-1", "free")
        deployment.product.send(usage_event("acct-1", 850))
        (trigger,) = deployment.topic(TRIGGERS).until(lambda _: True)
        assert (trigger.event["subject"], counters(cluster_url, deployment.prefix, ["acct-1"])) == (
            "acct-1",
            {"acct-1": 850},
        )


def test_a_node_of_a_cluster_killed_and_back_does_no_harm(
    kafka: GivenKafka | Kafka, own_cluster: RedisClusterProcesses, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, own_cluster.url, tmp_path) as deployment:
        worker = deployment.worker().start().until_ready()
        deployment.product.profiles(*load.profiles(ACCOUNTS))
        deployment.product.begin(*load.usage(ACCOUNTS, ROUNDS))
        fifth = len(deployment.product.sent) / 5
        until(lambda: sum(worker.tallies().values()) >= fifth, seconds=SECONDS, waiting_for="a fifth counted")
        own_cluster.nodes[1].kill()
        until(
            lambda: not worker.readiness().get("ready", True),
            seconds=SECONDS,
            waiting_for="the worker to say it is not ready",
        )
        own_cluster.start()
        deployment.product.flush()
        worker.until_settled(len(deployment.product.sent), seconds=SECONDS)
        assert aftermath(deployment, load.LIMIT) == UNHARMED
