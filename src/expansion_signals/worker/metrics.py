"""The metrics page, in the Prometheus text format."""

from __future__ import annotations

import logging
from collections import Counter as Tally
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prometheus_client.metrics_core import Metric

    from expansion_signals.model.batches import Outcome
    from expansion_signals.model.records import Outgoing
    from expansion_signals.ports import Publisher
    from expansion_signals.worker.status import Status

log = logging.getLogger(__name__)

DEAD_LETTERS = "usage-events-dlq"
CONTENT_TYPE = "text/plain; version=0.0.4"


class CountingPublisher:
    """A publisher that counts what is acknowledged, by topic (port `Publisher`)."""

    def __init__(self, publisher: Publisher, metrics: Metrics) -> None:
        self._publisher = publisher
        self._metrics = metrics

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Publish, and count by topic."""
        refused = await self._publisher.publish(records)
        topics = Tally(record.topic for place, record in enumerate(records) if place not in refused)
        for topic, count in topics.items():
            self._metrics.published.labels(topic).inc(count)
        if topics[DEAD_LETTERS]:
            log.warning(
                "%d records are dead letters: their cause is in the headers on %s", topics[DEAD_LETTERS], DEAD_LETTERS
            )
        return refused


class Metrics:
    """What this worker counts. Labels are topics, partitions and fixed words: never accounts, never users."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._tallies = _Tallies()
        self._registry.register(self._tallies)
        self.published = Counter(
            "expansion_signals_published", "Records acknowledged by Kafka.", ["topic"], registry=self._registry
        )
        self.profiles_of_unknown_plans = Counter(
            "expansion_signals_profiles_of_unknown_plans",
            "Profiles read whose plan the catalog does not know: usage is counted without limits.",
            registry=self._registry,
        )
        self.profiles_with_unknown_names = Counter(
            "expansion_signals_profiles_with_unknown_names",
            "Profiles read with limits or add-ons that the catalog does not know: these have no effect.",
            registry=self._registry,
        )
        self._lag = Gauge(
            "expansion_signals_lag_records", "Records not yet read.", ["stage", "partition"], registry=self._registry
        )
        self._ready = Gauge("expansion_signals_ready", "1 if the worker is ready.", registry=self._registry)
        self._held = Gauge(
            "expansion_signals_held",
            "1 if the stage takes nothing in, because too many records are dead letters.",
            ["stage"],
            registry=self._registry,
        )
        self._epoch = Gauge("expansion_signals_configuration_epoch", "Epoch judged under.", registry=self._registry)
        self._refused = Gauge(
            "expansion_signals_configuration_problems",
            "What is wrong with changed files, which were not taken.",
            registry=self._registry,
        )

    def page(self, status: Status, tallies: Mapping[str, Mapping[Outcome, int]]) -> bytes:
        """Return the page; `tallies` are the deployment's, by `topic/partition`."""
        self._ready.set(status.ready())
        self._epoch.set(status.epoch)
        self._refused.set(len(status.configuration_problems))
        self._lag.clear()
        for name, stage in status.stages.items():
            self._held.labels(name).set(stage.held is not None)
            for partition, lag in stage.lag.items():
                self._lag.labels(name, partition).set(lag)
        self._tallies.now = tallies
        return generate_latest(self._registry)


class _Tallies:
    """Tallies live in Redis: the same on every worker, whichever has counted (semantics 1.5)."""

    def __init__(self) -> None:
        self.now: Mapping[str, Mapping[Outcome, int]] = {}

    def collect(self) -> Iterable[Metric]:
        """Return received = counted + duplicate + unmatched + dead_lettered, per partition, exactly."""
        family = CounterMetricFamily(
            "expansion_signals_records",
            "Records of the whole deployment by what became of them; sum over one worker only.",
            labels=["topic", "partition", "outcome"],
        )
        for name, tallies in self.now.items():
            topic, _, partition = name.rpartition("/")
            for outcome, count in tallies.items():
                family.add_metric([topic, partition, outcome], count)
        yield family
