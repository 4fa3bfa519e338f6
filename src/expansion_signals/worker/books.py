"""The books of the whole deployment, as Redis has them: the same on every worker, whichever has counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from expansion_signals.model.instants import SECOND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from prometheus_client.metrics_core import Metric

    from expansion_signals.model.batches import Outcome
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.shards import ShardStanding


class Books(NamedTuple):
    """What became of records, and how far shards are.

    Partitions are `topic/number`. `reached` is the append time that the furthest shard has applied, `late` how many
    shards a second reader brings up in each stage, `lost` how many Redis does not hold.
    """

    tallies: Mapping[str, Mapping[Outcome, int]]
    reached: Mapping[str, Instant]
    late: Mapping[str, int]
    lost: int


def books(
    tallies: Mapping[str, Mapping[Outcome, int]],
    standing: Mapping[int, ShardStanding],
    *,
    shards: int,
    stages: Collection[str],
    topics: Mapping[str, str],
) -> Books:
    """Return the books; `topics` maps the names that topics have in the state to those that people know."""
    reached: dict[str, Instant] = {}
    for shard in standing.values():
        for partition, at in shard.reached.items():
            if at:  # else it has told nothing yet
                reached[partition] = max(at, reached.get(partition, 0))
    return Books(
        {_named(partition, topics): of for partition, of in tallies.items()},
        {_named(partition, topics): at for partition, at in reached.items()},
        {stage: sum(stage in shard.late for shard in standing.values()) for stage in stages},
        shards - len(standing),
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


def _named(partition: str, topics: Mapping[str, str]) -> str:
    topic, _, number = partition.rpartition("/")
    return f"{topics.get(topic, topic)}/{number}"


def _parted(partition: str) -> list[str]:
    topic, _, number = partition.rpartition("/")
    return [topic, number]
