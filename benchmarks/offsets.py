"""How far a consumer group is, as the broker tells: asked from outside, it costs the contender nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTITIONS = 4
_ANSWER_SECONDS = 10


class Broker:
    """Asks the broker about topics and groups."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def create(self, *names: str, config: Mapping[str, str] | None = None, partitions: int = PARTITIONS) -> None:
        """Create topics of four partitions, or of another number."""
        wanted = [NewTopic(name, partitions, 1, config=dict(config or {})) for name in names]
        for created in self._admin.create_topics(wanted).values():
            created.result(_ANSWER_SECONDS)

    def delete(self, prefix: str) -> None:
        """Delete every topic under a prefix, and wait until none is told of any more."""
        for deleted in self._admin.delete_topics(self._names(prefix)).values():
            deleted.result(_ANSWER_SECONDS)
        until(lambda: not self._names(prefix), seconds=_ANSWER_SECONDS, waiting_for="topics to be gone")

    def _names(self, prefix: str) -> list[str]:
        topics = self._admin.list_topics(timeout=_ANSWER_SECONDS).topics
        return [name for name in topics if name.startswith(prefix)]

    def committed(self, group: str, topic: str) -> int:
        """Return how many records of a topic a group has committed, 0 if it has not begun."""
        asked = self._admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
        try:
            answer = asked[group].result(_ANSWER_SECONDS)
        except KafkaException:
            return 0
        return sum(max(0, place.offset) for place in answer.topic_partitions if place.topic == topic)

    def end(self, topic: str) -> int:
        """Return how many records were ever appended to a topic."""
        partitions = self._admin.list_topics(topic, timeout=_ANSWER_SECONDS).topics[topic].partitions
        asked = self._admin.list_offsets({TopicPartition(topic, each): OffsetSpec.latest() for each in partitions})
        return sum(answer.result(_ANSWER_SECONDS).offset for answer in asked.values())
