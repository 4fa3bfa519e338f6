"""This program: a worker as an operator runs it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.workload import METERS, Threshold
from outside.deployment import DEAD_LETTERS, TRIGGERS
from outside.reading import everything
from outside.worker import Worker, command

if TYPE_CHECKING:
    from benchmarks.stage import Beginning, Stage


class Ours:
    """One worker, which goes on with a full state."""

    dead_letters = DEAD_LETTERS

    def __init__(self, name: str, events: int, beginning: Beginning, *, plain_ids: bool = False) -> None:
        self.name = name
        self.events = events
        self.plain_ids = plain_ids
        self.beginning = beginning

    def absent(self) -> str | None:
        """It is here."""
        return None

    def prepare(self, stage: Stage) -> None:
        """Make the topics."""
        create_topics(stage)

    def start(self, stage: Stage) -> Worker:
        """Start the worker; its topics are new, its state is not, and it is told that this is meant."""
        return worker_of(stage).start("--accept-log")

    def committed(self, stage: Stage) -> int:
        """Return what metering has committed."""
        return stage.broker.committed(f"{stage.prefix}expansion-metering", stage.topic)

    def through(self, stage: Stage) -> bool:
        """Say whether deciding has done with all that metering found."""
        signals = f"{stage.prefix}expansion-signals"
        return stage.broker.committed(f"{stage.prefix}expansion-deciding", signals) == stage.broker.end(signals)

    def triggers(self, stage: Stage) -> Counter[Threshold]:
        """Return all thresholds that its triggers cover."""
        return Counter(
            reached
            for record in everything(stage.kafka.bootstrap, [stage.prefix + TRIGGERS])
            if not record.is_withdrawal
            for reached in covered(record.value or b"")
        )


def create_topics(stage: Stage) -> None:
    """Make the topics as an operator does, but usage events have as many partitions as the others are given."""
    config = {"message.timestamp.type": "LogAppendTime"}
    stage.broker.create(stage.topic, config=config, partitions=stage.setting.partitions)
    created = command(settings_of(stage), "topics", "create")
    if created.returncode:
        raise RuntimeError(created.stderr)


def worker_of(stage: Stage) -> Worker:
    """Return a worker that is not started yet."""
    return Worker(settings_of(stage), stage.directory / "worker.log")


def covered(trigger: bytes) -> list[Threshold]:
    """Return the thresholds of the benchmark's meters that a trigger covers."""
    event = json.loads(trigger)
    data = event["data"]
    if data["meter"] not in METERS:
        return []
    month = data["period"]["start"][:7]
    return [Threshold(event["subject"], data["meter"], month, f"{each['value']}%") for each in data["crossed"]]


def settings_of(stage: Stage) -> dict[str, str]:
    """Return the settings of a worker, by their names without `EXPANSION_SIGNALS_`."""
    return {
        "KAFKA": stage.kafka.bootstrap,
        "REDIS": stage.redis.url,
        "PREFIX": stage.prefix,
        "CONFIG": str(stage.setting.configuration),
    }
