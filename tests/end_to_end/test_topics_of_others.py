"""What subscribers keep among themselves is no worker's: without it a worker counts and publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka.admin import AdminClient

from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event

if TYPE_CHECKING:
    from pathlib import Path

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

OF_SUBSCRIBERS = ("expansion-parked", "expansion-subscriber-memory")


def test_a_worker_needs_no_topic_that_is_not_its_own(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
        for deleted in admin.delete_topics([deployment.prefix + name for name in OF_SUBSCRIBERS]).values():
            deleted.result(10)
        deployment.product.profile("acct-1", "free")
        deployment.product.send(usage_event("acct-1", 1_000))
        deployment.worker().run_dry()
        assert len(deployment.triggers(TRIGGERS)) == 1
