"""Latency while workers are restarted one by one: `python tests/outside/rolling_latency.py KAFKA REDIS_URL [WORKERS]`.

Figures, not claims: nothing is asserted. Every account sends one event that crosses a threshold; its latency is from
the moment the event is handed to the producer until its trigger stands on its topic.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from typing import TYPE_CHECKING

from outside import load
from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORKERS = 4
ACCOUNTS, APART_SECONDS = 5_000, 0.02
SECONDS = 60
SETTINGS = {"SESSION_TIMEOUT_SECONDS": "10"}
"""As the worker has it; tests have it shorter."""


class Sending:
    """Has one account after another cross its threshold, until it is left."""

    def __init__(self, deployment: Deployment) -> None:
        self.sent: dict[str, float] = {}
        self._product = deployment.product
        self._left = threading.Event()
        self._sending = threading.Thread(target=self._send)

    def __enter__(self) -> Mapping[str, float]:
        self._sending.start()
        return self.sent

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._sending.join()
        self._product.flush()

    def _send(self) -> None:
        for account in map(load.name, range(ACCOUNTS)):
            if self._left.wait(APART_SECONDS):
                return
            self.sent[account] = time.time()
            self._product.begin(usage_event(account, 850))


def latencies(deployment: Deployment, workers: int) -> Sequence[float]:
    """Return the seconds from event to trigger of each account, in ascending order."""
    rolling = [deployment.worker().start() for _ in range(workers)]
    for worker in rolling:
        worker.until_ready()
    deployment.product.profiles(*load.profiles(ACCOUNTS))
    rolling[0].until_told("account-updates", ACCOUNTS, SECONDS)
    triggers = deployment.topic(TRIGGERS)
    with Sending(deployment) as sent:
        triggers.until(lambda _: True, seconds=SECONDS)
        for worker in rolling:
            worker.stop()
            worker.start().until_ready(SECONDS)
    stand = triggers.until(lambda _: True, count=len(sent), seconds=SECONDS)
    return sorted(record.timestamp / 1000 - sent[(record.key or b"").decode()] for record in stand)


def main() -> None:
    """Measure, and say what came out."""
    kafka, redis, *workers = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory, Deployment(kafka, redis, Path(directory), SETTINGS) as deployment:
        found = latencies(deployment, *map(int, workers or [WORKERS]))
    p50, p99 = statistics.median(found), found[int(len(found) * 0.99)]
    print(f"{len(found)} triggers: p50 {p50:.2f} s, p99 {p99:.2f} s, greatest {found[-1]:.2f} s")  # noqa: T201 -- what it is for


if __name__ == "__main__":
    main()
