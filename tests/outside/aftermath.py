"""What a fault has left behind, against what was sent."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluent_kafka import Consumer, TopicPartition

from outside.counters import counters, tallies
from outside.deployment import DEAD_LETTERS, TRIGGERS
from outside.expected import Crossing, doubled, expected, invented, lost
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outside.deployment import Deployment

ANSWER_SECONDS = 10
DUE_SECONDS = 20


@dataclass(frozen=True)
class Aftermath:
    """Everything that is wrong; of a fault that did no harm, all is empty.

    `miscounted` has account → (expected, found); `lost` thresholds no trigger covers; `doubled` thresholds that two
    trigger ids cover; `invented` thresholds never reached; `unbalanced` the partitions of `usage-events` whose records
    are not each counted, duplicate, unmatched or dead-lettered; `dead` dead letters, for all that was sent was good.
    """

    miscounted: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    lost: frozenset[Crossing] = frozenset()
    doubled: Mapping[Crossing, set[str]] = field(default_factory=dict)
    invented: frozenset[Crossing] = frozenset()
    unbalanced: Mapping[int, int] = field(default_factory=dict)
    miscounted_duplicates: int = 0
    dead: int = 0


UNHARMED = Aftermath()


def aftermath(deployment: Deployment, limit: int, *, in_order: bool = True) -> Aftermath:
    """Look at everything, once all that the deployment's product sent is counted; what is due is waited for.

    `in_order` False says that an account's events may stand in several partitions, because some were added.
    """
    sent = deployment.product.sent
    wanted = expected(sent, limit, in_order=in_order)
    published = deployment.topic(TRIGGERS)
    with suppress(TimeoutError):  # what does not come is told as lost
        until(lambda: not lost(wanted, published.read()), seconds=DUE_SECONDS, waiting_for="the last trigger")
    found = counters(deployment.redis, deployment.prefix, wanted.levels)
    triggers = published.to_end()
    by_topic = _tallies(deployment)
    stand = ends(deployment)
    of_usage = stand in received(deployment).values()
    # A broker that dies may have taken what the product sends once more; a topic made anew holds less than was sent.
    on_log = max(len(sent), sum(stand.values()))
    return Aftermath(
        miscounted={
            account: (int(level), found.get(account))
            for account, level in wanted.levels.items()
            if found.get(account) != level
        },
        lost=lost(wanted, triggers),
        doubled=doubled(triggers),
        invented=frozenset(invented(wanted, triggers)),
        unbalanced={} if of_usage else stand,
        miscounted_duplicates=_duplicates(by_topic) - (on_log - wanted.unique),
        dead=len(deployment.records(DEAD_LETTERS)),
    )


def _tallies(deployment: Deployment) -> Mapping[str, Mapping[int, Mapping[str, int]]]:
    """Return topic → partition → tallies; the topic is named as the state names it, by its id."""
    topics: dict[str, dict[int, Mapping[str, int]]] = defaultdict(dict)
    for partition, of in tallies(deployment.redis, deployment.prefix).items():
        topic, _, number = partition.rpartition("/")
        topics[topic][int(number)] = of
    return topics


def received(deployment: Deployment) -> dict[str, dict[int, int]]:
    """Return topic → partition → how many records are accounted for in the state."""
    return {
        topic: {number: sum(of.values()) for number, of in partitions.items()}
        for topic, partitions in _tallies(deployment).items()
    }


def _duplicates(by_topic: Mapping[str, Mapping[int, Mapping[str, int]]]) -> int:
    return sum(of["duplicate"] for topic in by_topic.values() for of in topic.values())


def ends(deployment: Deployment) -> dict[int, int]:
    """Return the end of each partition of `usage-events` that has records."""
    name = f"{deployment.prefix}usage-events"
    consumer = Consumer({"bootstrap.servers": deployment.kafka, "group.id": "tests-never-join", "log_level": 0})
    try:
        partitions = consumer.list_topics(name, timeout=ANSWER_SECONDS).topics[name].partitions
        found = {
            number: consumer.get_watermark_offsets(TopicPartition(name, number), timeout=ANSWER_SECONDS)[1]
            for number in partitions
        }
    finally:
        consumer.close()
    return {number: end for number, end in found.items() if end}
