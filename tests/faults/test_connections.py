"""Every connection of a worker dies unseen, as behind a firewall that has forgotten them: it goes on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nemesis.proxied_kafka import ProxiedKafka
from nemesis.proxy import HERE, Proxy
from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event
from servers.absence import ServerAbsentError, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers.redis import RedisProcess

UNTIL_TRIGGER_SECONDS = 20


@pytest.fixture
def proxied_kafka(tmp_path: Path) -> Iterator[ProxiedKafka]:
    broker = ProxiedKafka(tmp_path / "kafka")
    with broker.proxy:
        try:
            broker.start()
        except ServerAbsentError as absent:
            missing(absent)
        yield broker
        broker.remove()


def test_a_worker_whose_every_connection_is_swallowed_goes_on(
    proxied_kafka: ProxiedKafka, new_redis: Callable[[], RedisProcess], tmp_path: Path
) -> None:
    redis = new_redis()
    with Proxy(redis.port) as before_redis:
        through = {"KAFKA": proxied_kafka.proxied, "REDIS": f"redis://{HERE}:{before_redis.port}/0"}
        with Deployment(proxied_kafka.bootstrap, redis.url, tmp_path, through) as deployment:
            deployment.worker().start().until_ready()
            triggers = deployment.topic(TRIGGERS)
            deployment.product.profile("acct-1", "free")
            deployment.product.send(usage_event("acct-1", 850))
            triggers.until(lambda _: True)
            with proxied_kafka.proxy.silent(), before_redis.silent():
                deployment.product.send(usage_event("acct-1", 150))
            (_, at_100_percent) = triggers.until(lambda _: True, count=2, seconds=UNTIL_TRIGGER_SECONDS)
    assert at_100_percent.event["data"]["threshold"]["value"] == "100"
