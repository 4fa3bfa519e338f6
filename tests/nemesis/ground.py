"""The ground a campaign is fought on: brokers, a durable Redis, workers, a product that does not rest, a service.

What the workers and the service say to brokers and Redis goes through proxies; the product and the checker have doors
of their own.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from nemesis.primary_and_replica import PrimaryAndReplica
from nemesis.proxied_kafka import ProxiedKafka
from outside.aftermath import ends, received
from outside.deployment import CONFIGURATION, Deployment
from outside.subscribers import Following
from servers.kafka import Node, new_cluster_id
from servers.redis_cluster import RedisClusterProcesses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nemesis.proxy import Proxy
    from outside.subscribers import Service
    from outside.worker import Worker

BROKERS = 3
WORKERS = 3

Store: TypeAlias = PrimaryAndReplica | RedisClusterProcesses


@dataclass
class Ground:
    """What can be harmed. `brokers` is empty where Kafka is somebody else's: then it is left alone."""

    deployment: Deployment
    redis: Store
    brokers: Sequence[ProxiedKafka]
    workers: Sequence[Worker]
    following: Following
    configuration: Path
    _names: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.service = self.another_service()

    @property
    def proxies(self) -> Sequence[Proxy]:
        """What stands between the workers and their servers; a Cluster's nodes tell clients of themselves alone."""
        before_redis = [self.redis.proxy] if isinstance(self.redis, PrimaryAndReplica) else []
        return [*before_redis, *(broker.proxy for broker in self.brokers)]

    def another_service(self) -> Service:
        """Start a notification service in the place of the last one."""
        self.service: Service = self.following.service(f"service-{next(self._names)}", workers=8)
        return self.service

    def ends(self) -> Mapping[int, int]:
        """Return the end of each partition of `usage-events` that has records."""
        return ends(self.deployment)

    def counted(self) -> Mapping[str, Mapping[int, int]]:
        """Return topic → partition → how many records are accounted for in the state."""
        return received(self.deployment)

    def has_counted(self, ends_then: Mapping[int, int]) -> bool:
        """Say whether all that stood in the log then is accounted for in the state."""
        return any(
            all(topic.get(number, 0) >= end for number, end in ends_then.items()) for topic in self.counted().values()
        )


@contextmanager
def ground(
    directory: Path, kafka: str | None = None, *, workers: int = WORKERS, cluster: bool = False
) -> Iterator[Ground]:
    """Lay it out; `kafka` names a cluster that is somebody else's, None starts three brokers.

    Redis is a primary with a replica, or a `cluster`.
    """
    with ExitStack() as open_:
        brokers = _brokers(directory, open_) if kafka is None else ()
        redis, address = _redis(directory, open_, cluster=cluster)
        configuration = directory / "configuration"
        shutil.copytree(CONFIGURATION, configuration)
        servers = kafka or ",".join(broker.bootstrap for broker in brokers)
        proxied = kafka or ",".join(broker.proxied for broker in brokers)
        settings = {"CONFIG": str(configuration), "KAFKA": proxied, "REDIS": address}
        deployment = open_.enter_context(Deployment(servers, redis.url, directory, further=settings))
        running = [deployment.worker() for _ in range(workers)]
        for worker in running:
            worker.start()
        for worker in running:
            worker.until_ready()
        following = open_.enter_context(Following(proxied, deployment.prefix, directory))
        yield Ground(deployment, redis, brokers, running, following, configuration)


def _brokers(directory: Path, open_: ExitStack) -> Sequence[ProxiedKafka]:
    nodes = [Node(number) for number in range(1, BROKERS + 1)]
    cluster_id = new_cluster_id()
    brokers = [ProxiedKafka(directory / f"broker-{node.number}", node, nodes, cluster_id) for node in nodes]
    for broker in brokers:
        open_.callback(broker.remove)
        open_.enter_context(broker.proxy)
        broker.launch()
    for broker in brokers:
        broker.wait_until_ready()
    return brokers


def _redis(directory: Path, open_: ExitStack, *, cluster: bool) -> tuple[Store, str]:
    """Return a Redis that runs, and where workers find it."""
    if not cluster:
        pair = open_.enter_context(PrimaryAndReplica(directory))
        return pair, pair.address
    nodes = RedisClusterProcesses(directory / "cluster")
    open_.callback(nodes.remove)
    nodes.start()
    return nodes, nodes.url
