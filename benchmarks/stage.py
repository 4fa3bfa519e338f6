"""Where one run of one contender takes place: its servers, its topics' prefix, its folder, its events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.offsets import PARTITIONS
from benchmarks.producing import produce

if TYPE_CHECKING:
    from benchmarks.offsets import Broker
    from benchmarks.servers_of_a_run import Kafka, Redis
    from benchmarks.workload import Workload


CONFIGURATION = Path(__file__).with_name("configuration")


@dataclass(frozen=True)
class Setting:
    """What can be another way for this program: how many partitions, and what its rules are."""

    partitions: int = PARTITIONS
    configuration: Path = CONFIGURATION


USUAL = Setting()


@dataclass(frozen=True)
class Beginning:
    """A state that is there before the first event: the prefix that its keys have, and the files of its Redis."""

    prefix: str
    saved: Path


@dataclass(frozen=True)
class Stage:
    """Everything that a contender is given."""

    kafka: Kafka
    redis: Redis
    broker: Broker
    prefix: str
    directory: Path
    workload: Workload
    setting: Setting = USUAL

    @property
    def events(self) -> int:
        """How many records the topic holds once the backlog is there."""
        return len(self.workload.values)

    @property
    def topic(self) -> str:
        """The topic with the usage events."""
        return f"{self.prefix}usage-events"

    def fill(self) -> None:
        """Put the backlog onto the topic."""
        produce(self.kafka.bootstrap, self.topic, zip(self.workload.keys, self.workload.values, strict=True))

    def environment(self) -> dict[str, str]:
        """Return what a contender is told, by the names of the contract."""
        limits, state = self.directory / "limits.json", self.directory / "state"
        limits.write_text(json.dumps(self.workload.limits))
        state.mkdir()
        return {
            "BENCH_KAFKA": self.kafka.bootstrap,
            "BENCH_REDIS": self.redis.url,
            "BENCH_PREFIX": self.prefix,
            "BENCH_LIMITS": str(limits),
            "BENCH_STATE": str(state),
            "BENCH_EVENTS": str(self.events),
        }
