"""Reading a topic as far as it goes now, in a consumer that is assigned all of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition

from expansion_signals.errors import LogUnavailable, RejectedState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

POLL_MS = 100
_STANDSTILL_SECONDS = 1.0
"""So long without a record, and reading is told to wait for something."""

_ANSWER_MS = 5_000


def partitions_of(consumer: Any, topic: str, servers: str) -> tuple[TopicPartition, ...]:  # noqa: ANN401 -- kafka-python has no types
    """Return all partitions of the topic, which has the deployment's prefix.

    Raises:
        RejectedState: there is no such topic.
    """
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise RejectedState(f"Kafka at {servers} has no topic {topic}; run `expansion-signals topics create`")
    return tuple(TopicPartition(topic, number) for number in sorted(numbers))


def ends(consumer: Any, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:  # noqa: ANN401 -- kafka-python has no types
    """Return where these partitions end now, as the isolation of this consumer lets it see."""
    found: Mapping[TopicPartition, int] = consumer.end_offsets(partitions, timeout_ms=_ANSWER_MS)
    return found


def positions(consumer: Any, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:  # noqa: ANN401 -- kafka-python has no types
    """Return how far this consumer has come."""
    return {each: consumer.position(each, timeout_ms=_ANSWER_MS) or 0 for each in partitions}


def read_to(reached: Mapping[TopicPartition, int], consumer: Any, take: Callable[[Any], None]) -> None:  # noqa: ANN401 -- kafka-python has no types
    """Have `take` take what is fetched until these offsets are reached.

    Raises:
        LogUnavailable: nothing more comes, for a transaction there is not decided yet: read on later.
    """
    at, moved = positions(consumer, [*reached]), time.monotonic()
    while any(at[partition] < offset for partition, offset in reached.items()):
        take(consumer.poll(timeout_ms=POLL_MS))
        before, at = at, positions(consumer, [*reached])
        if at != before:
            moved = time.monotonic()
        elif time.monotonic() - moved > _STANDSTILL_SECONDS:
            topics = ", ".join(sorted({partition.topic for partition in reached}))
            raise LogUnavailable(f"{topics}: a transaction there is not decided yet")
