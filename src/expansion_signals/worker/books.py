"""The books of the whole deployment on the metrics page: the same on every worker, whichever has counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from expansion_signals.model.instants import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client.metrics_core import Metric

    from expansion_signals.state.books import Books


def named(books: Books, topic_names: Mapping[str, str]) -> Books:
    """Return the books with topics as people know them; `topic_names` says how the state calls each."""
    topics = {name: topic for topic, name in topic_names.items()}

    def name(partition: str) -> str:
        topic, _, number = partition.rpartition("/")
        return f"{topics.get(topic, topic)}/{number}"

    return books._replace(
        tallies={name(partition): of for partition, of in books.tallies.items()},
        reached={name(partition): at for partition, at in books.reached.items()},
    )


class BooksCollector:
    """Hands the books of now to the metrics page; None while Redis is away, and the page goes without."""

    def __init__(self) -> None:
        self.now: Books | None = None

    def collect(self) -> Iterable[Metric]:
        """Return received = counted + duplicate + unmatched + dead_lettered, per partition, exactly (semantics 1.5)."""
        records = CounterMetricFamily(
            "expansion_signals_records",
            "Records of the whole deployment by what became of them; take one worker's, do not add workers up.",
            labels=["topic", "partition", "outcome"],
        )
        reached = GaugeMetricFamily(
            "expansion_signals_reached_timestamp_seconds",
            "Append time up to which the deployment has read a partition.",
            labels=["topic", "partition"],
        )
        late = GaugeMetricFamily(
            "expansion_signals_late_shards", "Shards that a second reader brings up.", labels=["stage"]
        )
        lost = GaugeMetricFamily("expansion_signals_lost_shards", "Shards that Redis does not hold.")
        if self.now is not None:
            for name, outcomes in self.now.tallies.items():
                for outcome, count in outcomes.items():
                    records.add_metric([*_parted(name), outcome], count)
            for name, at in self.now.reached.items():
                reached.add_metric(_parted(name), at / SECOND)
            for stage, count in self.now.late.items():
                late.add_metric([stage], count)
            lost.add_metric([], self.now.lost)
        yield from (records, reached, late, lost)


def _parted(partition: str) -> list[str]:
    topic, _, number = partition.rpartition("/")
    return [topic, number]
