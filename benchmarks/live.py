"""A worker that is level with its product: how long a trigger takes after the event that causes it."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka import Consumer, TopicPartition

from benchmarks.judging import Judgement, judged
from benchmarks.measuring import busy_part, moment
from benchmarks.ours import covered
from benchmarks.program import Program
from benchmarks.workload import Threshold
from outside.deployment import TRIGGERS
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.ours import Ours
    from benchmarks.stage import Stage

LONGEST_SECONDS = 15
LEAD_SECONDS = 8
LAST_TRIGGER_SECONDS = 10
BOUNDS_MS = (10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000)


@dataclass(frozen=True)
class Live:
    """Figures of one rate; `offered` is what the sender has really kept up."""

    offered: float
    events: int
    worker_us: float
    redis_us: float
    machine_busy: float
    latencies: Sequence[float]
    judgement: Judgement

    def percentile_ms(self, part: float) -> float:
        """Return the latency that so many are not above."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * part))] * 1e3

    def histogram(self) -> list[dict[str, float | None]]:
        """Return how many triggers took how long; the last has no bound."""
        edges = [0.0, *BOUNDS_MS, float("inf")]
        counts = [sum(low <= each * 1e3 < high for each in self.latencies) for low, high in pairwise(edges)]
        return [{"to_ms": bound, "count": count} for bound, count in zip([*BOUNDS_MS, None], counts, strict=True)]


def live(ours: Ours, stage: Stage, rate: float) -> Live:
    """Start a worker, then a product that sends so many events a second, and watch the triggers."""
    sent = min(ours.events, round(rate * LONGEST_SECONDS))
    ours.prepare(stage)
    worker = ours.start(stage)
    try:
        worker.until_ready()
        begin = time.time() + LEAD_SECONDS
        file = stage.directory / "sent.json"
        arguments = [stage.kafka.bootstrap, stage.topic, rate, ours.events, sent, begin, file]
        sender = Program(
            [sys.executable, "-m", "benchmarks.sender", *map(str, arguments)],
            {"PYTHONPATH": str(Path(__file__).parents[1])},
            stage.directory / "sender.log",
        )
        came = Arrivals(stage)
        until(lambda: time.time() >= begin, seconds=LEAD_SECONDS + 1, waiting_for="the first event")
        first = moment(stage, worker.pid, 0)
        until(
            lambda: not sender.alive(), seconds=LONGEST_SECONDS * 2, waiting_for="the product to end", pause_seconds=0.1
        )
        last = moment(stage, worker.pid, sent)
        if not file.exists():
            raise RuntimeError(f"the product ended early: {sender.log()}")
        said = json.loads(file.read_text())
        due = {Threshold(*threshold): at for *threshold, at in said["due"]}
        came.wait_for(due.keys())
        worker.stop()
    finally:
        worker.kill()
    return Live(
        offered=said["offered"],
        events=sent,
        worker_us=(last.worker - first.worker) / sent * 1e6,
        redis_us=(last.redis - first.redis) / sent * 1e6,
        machine_busy=busy_part(first, last),
        latencies=sorted(came.first[threshold] - at for threshold, at in due.items() if threshold in came.first),
        judgement=judged(set(due), came.counted),
    )


class Arrivals:
    """The triggers as they come, with the time of each."""

    def __init__(self, stage: Stage) -> None:
        self.first: dict[Threshold, float] = {}
        self.counted: Counter[Threshold] = Counter()
        self._ended = threading.Event()
        self._consumer = Consumer(
            {"bootstrap.servers": stage.kafka.bootstrap, "group.id": "bench-never-joins", "log_level": 0}
        )
        topic = stage.prefix + TRIGGERS
        partitions = self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        self._consumer.assign([TopicPartition(topic, each, 0) for each in partitions])
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def wait_for(self, due: set[Threshold]) -> None:
        """Wait until all that is due has come, or is too late to be waited for; then listen no more."""
        deadline = time.time() + LAST_TRIGGER_SECONDS
        until(
            lambda: due <= self.first.keys() or time.time() > deadline,
            seconds=LAST_TRIGGER_SECONDS + 1,
            waiting_for="the last trigger",
        )
        self._ended.set()
        self._thread.join()

    def _receive(self) -> None:
        while not self._ended.is_set():
            message = self._consumer.poll(0.1)
            now = time.time()
            if message is None or message.error():
                continue
            for reached in covered(message.value()):
                self.counted[reached] += 1
                self.first.setdefault(reached, now)
        self._consumer.close()
