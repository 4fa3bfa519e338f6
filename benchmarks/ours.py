"""This program: a worker as an operator runs it, with profiles that bring each account's limits, and a full state."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.prefill import fill_days
from benchmarks.producing import produce
from benchmarks.workload import METERS, Threshold
from outside.deployment import TRIGGERS
from outside.product import profile_event
from outside.reading import everything
from outside.worker import Worker, command

if TYPE_CHECKING:
    from benchmarks.stage import Stage

CONFIGURATION = Path(__file__).with_name("configuration")
PLAN = "team"


class Ours:
    """One worker; the state holds every account's profile and 62 days of its use before the first event."""

    def __init__(self, name: str, events: int, *, plain_ids: bool = False) -> None:
        self.name = name
        self.events = events
        self.plain_ids = plain_ids

    def absent(self) -> str | None:
        """It is here."""
        return None

    def prepare(self, stage: Stage) -> None:
        """Make the topics, have a worker take the profiles and end, and fill in the days before."""
        stage.broker.create(stage.topic, config={"message.timestamp.type": "LogAppendTime"})
        created = command(_settings(stage), "topics", "create")
        if created.returncode:
            raise RuntimeError(created.stderr)
        profiles = (
            profile_event(account, PLAN, 1, limits=limits) for account, limits in stage.workload.limits.items()
        )
        written = ((profile["subject"].encode(), json.dumps(profile).encode()) for profile in profiles)
        produce(stage.kafka.bootstrap, f"{stage.prefix}account-updates", written)
        with self._worker(stage) as worker:
            worker.run_dry(0.5)
        fill_days(stage.redis.url, stage.prefix, list(stage.workload.limits))

    def start(self, stage: Stage) -> Worker:
        """Start the worker."""
        return self._worker(stage).start()

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

    def _worker(self, stage: Stage) -> Worker:
        return Worker(_settings(stage), stage.directory / "worker.log")


def covered(trigger: bytes) -> list[Threshold]:
    """Return the thresholds of the benchmark's meters that a trigger covers."""
    event = json.loads(trigger)
    data = event["data"]
    if data["meter"] not in METERS:
        return []
    month = data["period"]["start"][:7]
    return [Threshold(event["subject"], data["meter"], month, f"{each['value']}%") for each in data["crossed"]]


def _settings(stage: Stage) -> dict[str, str]:
    return {
        "KAFKA": stage.kafka.bootstrap,
        "REDIS": stage.redis.url,
        "PREFIX": stage.prefix,
        "CONFIG": str(CONFIGURATION),
    }
