"""What a group gives its members to read, and who says where in it reading goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aiokafka import ConsumerRebalanceListener, TopicPartition

from expansion_signals.model.records import Partition

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class AssignmentListener(Protocol):
    """Who knows where reading goes on. Both methods are called from `BatchLogReader.poll`, never beside it."""

    async def assigned(
        self,
        partitions: Sequence[Partition],
        committed: Mapping[Partition, int | None],
        log_start: Mapping[Partition, int],
        log_end: Mapping[Partition, int],
    ) -> Mapping[Partition, int]:
        """Return the offset at which to begin, for each of the partitions (architecture, Resume).

        What it raises leaves `poll`, and the next poll asks again: nothing is read before there is an answer.
        """

    async def revoked(self, partitions: Sequence[Partition]) -> None:
        """Take note that these partitions are lost; some may come back with the next assignment."""


class Assignments(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka publishes no types
    """The assignments of one member, one after the other: `number` changes whenever one is given or lost.

    aiokafka calls it in the middle of a rebalance and loses what it would raise, so it only takes note.
    """

    def __init__(self, topics: Mapping[str, str]) -> None:
        self._topics = topics
        self.number = 0
        self.given: Mapping[TopicPartition, Partition] | None = None

    def on_partitions_revoked(self, revoked: Collection[TopicPartition] = ()) -> None:  # noqa: ARG002 -- eager: it is all
        """Note that the group takes everything back."""
        self.number += 1
        self.given = None

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Note what the group gives."""
        self.number += 1
        self.given = {tp: Partition(self._topics[tp.topic], tp.partition) for tp in sorted(assigned)}
