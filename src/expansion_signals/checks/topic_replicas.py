"""How many copies of a topic there are, and whether enough of them keep up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.checks.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.wire.topic_files import Topic

MIN_IN_SYNC = "min.insync.replicas"


class StandingPartition(NamedTuple):
    """One partition: how many brokers keep it, how many of them keep up, and whether one leads."""

    copies: int
    in_sync: int
    led: bool


class StandingTopic(NamedTuple):
    """A topic on the broker: its id (None where the broker gives none), its partitions, and its settings.

    The settings are empty where the broker does not tell them.
    """

    topic_id: str | None
    partitions: Sequence[StandingPartition]
    settings: Mapping[str, str]

    @property
    def copies(self) -> int:
        """Of the partition that has the fewest."""
        return min(partition.copies for partition in self.partitions)


def enough_in_sync(topic: Topic, standing: StandingTopic) -> str:
    """Return what `min.insync.replicas` is to be; a topic with fewer copies than planned cannot wait for as many."""
    return str(min(int(topic.config[MIN_IN_SYNC]), max(1, standing.copies - 1)))


def judge_replicas(topic: Topic, standing: StandingTopic) -> Iterator[Finding]:
    """Yield what is found about a topic's partitions and copies; `where` is left to who knows the topic's name."""
    many, planned = len(standing.partitions), topic.partitions
    if many < planned:
        yield _warns(
            f"{many} partitions, expected {planned}: no more workers than that can share its work",
            f"kafka-topics.sh --bootstrap-server SERVERS --alter --topic TOPIC --partitions {planned}",
        )
    if standing.copies == 1 < topic.replication:
        yield _warns(
            "a single replica: what a broker loses is lost, and while it is away nothing goes on",
            f"with {topic.replication} brokers, give each partition {topic.replication} replicas: "
            "kafka-reassign-partitions.sh",
        )
    elif standing.copies < topic.replication:
        yield _warns(
            f"{standing.copies} replicas, expected {topic.replication}", "add some: kafka-reassign-partitions.sh"
        )
    if unled := sum(not partition.led for partition in standing.partitions):
        yield _fails(f"{unled} partitions have no leader: they are neither read nor written")
    needed = int(standing.settings.get(MIN_IN_SYNC, "1"))
    if needed > standing.copies:
        yield _fails(f"{MIN_IN_SYNC} is {needed} and there are {standing.copies} replicas: it cannot be written to")
    elif short := sum(partition.led and partition.in_sync < needed for partition in standing.partitions):
        yield _fails(f"{short} partitions have fewer than {needed} replicas in sync: they cannot be written to")
    elif behind := sum(partition.led and partition.in_sync < partition.copies for partition in standing.partitions):
        yield _warns(f"{behind} partitions have replicas that do not keep up", _BROKERS)


_BROKERS = "look at the brokers: kafka-topics.sh --bootstrap-server SERVERS --describe --topic TOPIC"


def _warns(what: str, do: str) -> Finding:
    return Finding(Severity.WARNING, "", what, do)


def _fails(what: str) -> Finding:
    return Finding(Severity.ERROR, "", what, _BROKERS)
