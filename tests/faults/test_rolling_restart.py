"""Workers are restarted one by one under load, as a deployment does it: every event counted once."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from outside import load
from outside.aftermath import UNHARMED, aftermath
from outside.deployment import Deployment
from outside.product import written
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

SECONDS = 60
ACCOUNTS, ROUNDS = 500, 80
AT_ONCE = 50


class Feed:
    """Sends a load bit by bit, each event stamped as it is sent."""

    def __init__(self, deployment: Deployment, events: list[dict[str, Any]]) -> None:
        self._deployment = deployment
        self._left: Iterator[dict[str, Any]] = iter(events)

    def goes_on_until(self, condition: Callable[[], bool], waiting_for: str) -> None:
        """Send a bit, look, and so on until the condition holds."""

        def fed() -> bool:
            self.send(AT_ONCE)
            return condition()

        until(fed, seconds=SECONDS, waiting_for=waiting_for)

    def send(self, count: int) -> None:
        """Send so many events, or what is left."""
        for _, event in zip(range(count), self._left, strict=False):
            self._deployment.product.begin({**event, "time": written(datetime.now(UTC))})

    def send_the_rest(self) -> None:
        """Send what is left, and wait until all is acknowledged."""
        self.send(ACCOUNTS * ROUNDS * 2)
        self._deployment.product.flush()


def restart(worker: Worker, feed: Feed) -> int:
    """Restart a worker while the load goes on; return the exit code of its first life."""
    os.kill(worker.pid, signal.SIGTERM)
    feed.goes_on_until(lambda: not worker.alive(), "the worker to end")
    code = worker.ended()
    worker.start()
    feed.goes_on_until(lambda: worker.page("/readyz").status == 200, "the worker to be ready")
    return code


def rolled(deployment: Deployment, workers: int) -> list[int]:
    """Restart so many workers one by one under load, and let them settle; return their exit codes."""
    rolling = [deployment.worker().start() for _ in range(workers)]
    for worker in rolling:
        worker.until_ready()
    deployment.product.profiles(*load.profiles(ACCOUNTS))
    feed = Feed(deployment, load.usage(ACCOUNTS, ROUNDS))
    feed.goes_on_until(lambda: sum(rolling[0].tallies().values()) >= ACCOUNTS, "the first events counted")
    codes = [restart(worker, feed) for worker in rolling]
    feed.send_the_rest()
    rolling[0].until_settled(len(deployment.product.sent), seconds=SECONDS)
    return codes


def test_workers_restarted_one_by_one_under_load_do_no_harm(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        codes = rolled(deployment, workers=2)
        assert (codes, aftermath(deployment, load.LIMIT)) == ([0, 0], UNHARMED)
