"""The metrics page, in the Prometheus text format: docs/observability.md is its list."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    Summary,
    disable_created_metrics,
    generate_latest,
)

from expansion_signals.errors import DeadLetterCode
from expansion_signals.worker.books import BooksCollector

if TYPE_CHECKING:
    from expansion_signals.state.books import Books
    from expansion_signals.worker.status import Status

CONTENT_TYPE = "text/plain; version=0.0.4"

_TRIGGER_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Around the promise (25 ms, 100 ms) and up to an outage of half an hour."""

_POLL_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Metrics:
    """What this worker counts and measures.

    Labels are topics, partitions, stages and fixed words: never accounts, never users, nothing that comes from outside.
    """

    def __init__(self) -> None:
        # A third more series, which nothing asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client says no types here
        self._registry = CollectorRegistry()
        self._books = BooksCollector()
        self._registry.register(self._books)
        ProcessCollector(registry=self._registry)
        self._tell_version()
        self._count()
        self._measure()
        self._stand()

    def page(self, status: Status, books: Books | None) -> bytes:
        """Return the page; without Redis there are no `books`."""
        self._ready.set(status.ready())
        self._epoch.set(status.epoch)
        self._refused.set(len(status.configuration_problems))
        self._lag.clear()
        for name, stage in status.stages.items():
            self._held.labels(name).set(stage.held is not None)
            self._waiting.labels(name).set(stage.waits_for is not None)
            for partition, lag in stage.lag.items():
                self._lag.labels(name, partition).set(lag)
        self._books.now = books
        return generate_latest(self._registry)

    def _tell_version(self) -> None:
        build = Gauge("expansion_signals_build_info", "1; the version that runs.", ["version"], registry=self._registry)
        build.labels(version("expansion-signals")).set(1)

    def _count(self) -> None:
        self.published = Counter(
            "expansion_signals_published", "Records acknowledged by Kafka.", ["topic"], registry=self._registry
        )
        self.decisions = Counter(
            "expansion_signals_decisions",
            "Decisions acknowledged by Kafka; the reason is the first that applied.",
            ["decision", "reason"],
            registry=self._registry,
        )
        self.dead_letters = Counter(
            "expansion_signals_dead_letters",
            "Dead letters acknowledged by Kafka.",
            ["code"],
            registry=self._registry,
        )
        for code in get_args(DeadLetterCode):
            self.dead_letters.labels(code)  # from 0 on, so that the first one is seen to rise
        self.read = Counter(
            "expansion_signals_read",
            "Records taken in, once more where read again.",
            ["stage"],
            registry=self._registry,
        )
        self.rewinds = Counter(
            "expansion_signals_rewinds",
            "Times that reading went back, because Redis had lost what it had acknowledged.",
            ["stage"],
            registry=self._registry,
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

    def _measure(self) -> None:
        self.event_to_trigger = Histogram(
            "expansion_signals_event_to_trigger_seconds",
            "From the append of an event until the trigger that it led to was acknowledged.",
            buckets=_TRIGGER_BUCKETS,
            registry=self._registry,
        )
        self.polls = Histogram(
            "expansion_signals_poll_seconds",
            "From having a poll until everything that follows from it was acknowledged.",
            ["stage"],
            buckets=_POLL_BUCKETS,
            registry=self._registry,
        )
        self.steps = Summary(
            "expansion_signals_step_seconds",
            "How long steps took that ask Redis or Kafka, waits for an absent one included.",
            ["stage", "step"],
            registry=self._registry,
        )

    def _stand(self) -> None:
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
        self._waiting = Gauge(
            "expansion_signals_waiting", "1 if the stage waits for Redis or Kafka.", ["stage"], registry=self._registry
        )
        self._epoch = Gauge("expansion_signals_configuration_epoch", "Epoch judged under.", registry=self._registry)
        self._refused = Gauge(
            "expansion_signals_configuration_problems",
            "What is wrong with changed files, which were not taken.",
            registry=self._registry,
        )
