"""Two deployments share a broker and a Redis, and never meet: the prefix keeps them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outside.counters import counters
from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event

if TYPE_CHECKING:
    from pathlib import Path

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis


def test_deployments_with_different_prefixes_do_not_meet(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with (
        Deployment(kafka.bootstrap, redis_server.url, tmp_path) as blue,
        Deployment(kafka.bootstrap, redis_server.url, tmp_path) as green,
    ):
        workers = [deployment.worker().start() for deployment in (blue, green)]
        for deployment, usage in ((blue, 850), (green, 300)):
            deployment.product.profile("acct-1", "free")
            deployment.product.send(usage_event("acct-1", usage, id="the-same-in-both"))
        for worker in workers:
            worker.until_settled(1)
        blue.topic(TRIGGERS).until(lambda _: True)
        found = [
            (len(each.triggers()), counters(redis_server.url, each.prefix, ["acct-1"])["acct-1"])
            for each in (blue, green)
        ]
    assert found == [(1, 850), (0, 300)]
