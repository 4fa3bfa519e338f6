"""The ground a campaign is fought on: brokers, a durable Redis, workers, a product that does not rest, a service."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from outside.aftermath import ends, received
from outside.deployment import CONFIGURATION, Deployment
from outside.subscribers import Following
from servers.kafka import KafkaProcess, Node, new_cluster_id
from servers.redis import RedisProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from outside.subscribers import Service
    from outside.worker import Worker

BROKERS = 3
WORKERS = 3


@dataclass
class Ground:
    """What can be harmed. `brokers` is empty where Kafka is somebody else's: then it is left alone."""

    deployment: Deployment
    redis: RedisProcess
    brokers: Sequence[KafkaProcess]
    workers: Sequence[Worker]
    following: Following
    configuration: Path
    _names: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.service = self.another_service()

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
def ground(directory: Path, kafka: str | None = None, workers: int = WORKERS) -> Iterator[Ground]:
    """Lay it out; `kafka` names a cluster that is somebody else's, None starts three brokers."""
    with ExitStack() as open_:
        brokers = _brokers(directory, open_) if kafka is None else ()
        redis = RedisProcess(directory / "redis")
        open_.callback(redis.remove)
        redis.start()
        configuration = directory / "configuration"
        shutil.copytree(CONFIGURATION, configuration)
        servers = kafka or ",".join(broker.bootstrap for broker in brokers)
        deployment = open_.enter_context(
            Deployment(servers, redis.url, directory, further={"CONFIG": str(configuration)})
        )
        running = [deployment.worker() for _ in range(workers)]
        for worker in running:
            worker.start()
        for worker in running:
            worker.until_ready()
        following = open_.enter_context(Following(servers, deployment.prefix, directory))
        yield Ground(deployment, redis, brokers, running, following, configuration)


def _brokers(directory: Path, open_: ExitStack) -> Sequence[KafkaProcess]:
    nodes = [Node(number) for number in range(1, BROKERS + 1)]
    cluster_id = new_cluster_id()
    brokers = [KafkaProcess(directory / f"broker-{node.number}", node, nodes, cluster_id) for node in nodes]
    for broker in brokers:
        open_.callback(broker.remove)
        broker.launch()
    for broker in brokers:
        broker.wait_until_ready()
    return brokers
