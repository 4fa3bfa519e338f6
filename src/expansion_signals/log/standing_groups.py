"""The groups as they stand: who is in them, where they are, and where the log begins and ends. Nothing is written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka import TopicPartition, errors
from kafka.admin import OffsetSpec

from expansion_signals.log.topics import administering
from expansion_signals.model.instants import MILLISECOND
from expansion_signals.model.records import Partition
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.security import KafkaSecurity

_FIRST_ANSWERS = 20
_WAIT_SECONDS = 0.25
"""A broker asked for groups for the first time makes the topic it keeps them in, and has no answer meanwhile."""


class StandingGroup(NamedTuple):
    """How many members a group has, and the offset it has committed for each partition, as far as it has one."""

    members: int
    committed: Mapping[Partition, int]


class StandingGroups(NamedTuple):
    """Groups by name; where the log of each partition begins and ends; how many records of one topic are `recent`."""

    groups: Mapping[str, StandingGroup]
    begins: Mapping[Partition, int]
    ends: Mapping[Partition, int]
    recent: int


def standing_groups(  # noqa: PLR0913 -- what is asked for
    servers: str,
    prefix: str,
    groups: Collection[str],
    partitions: Collection[Partition],
    *,
    recent_of: str,
    since: Instant,
    security: KafkaSecurity = PLAINTEXT,
) -> StandingGroups:
    """Return these groups and partitions, and how many records of the topic `recent_of` are of `since` or later.

    Names go without the deployment's `prefix`.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the broker does not let us look.
    """
    with administering(servers, security) as admin:
        of_topic = [partition for partition in partitions if partition.topic == recent_of]
        begins, ends, first = (
            _offsets(admin, prefix, each, at)
            for each, at in (
                (partitions, OffsetSpec.EARLIEST),
                (partitions, OffsetSpec.LATEST),
                (of_topic, since // MILLISECOND),
            )
        )
        recent = sum(ends[partition] - offset for partition, offset in first.items() if offset >= 0)
        return StandingGroups(_groups(admin, prefix, groups), begins, ends, recent)


def _offsets(admin: Any, prefix: str, partitions: Collection[Partition], at: Any) -> dict[Partition, int]:  # noqa: ANN401 -- kafka-python has no types
    if not partitions:
        return {}
    asked = {TopicPartition(prefix + topic, number): at for topic, number in partitions}
    return {_partition(prefix, each): found.offset for each, found in admin.list_partition_offsets(asked).items()}


def _groups(admin: Any, prefix: str, groups: Collection[str]) -> dict[str, StandingGroup]:  # noqa: ANN401 -- kafka-python has no types
    names = [prefix + group for group in groups]
    for _ in range(_FIRST_ANSWERS):
        try:
            told, committed = admin.describe_groups(names), admin.list_group_offsets(dict.fromkeys(names))
        except errors.CoordinatorNotAvailableError:
            time.sleep(_WAIT_SECONDS)
            continue
        return {
            name.removeprefix(prefix): StandingGroup(
                len(told[name]["members"]),
                {_partition(prefix, each): at.offset for each, at in committed[name].items()},
            )
            for name in names
        }
    raise errors.CoordinatorNotAvailableError


def _partition(prefix: str, named: TopicPartition) -> Partition:
    return Partition(named.topic.removeprefix(prefix), named.partition)
