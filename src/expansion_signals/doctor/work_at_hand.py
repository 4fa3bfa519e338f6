"""What the workers have done and have yet to do: groups, what they have not read, dead letters of late."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expansion_signals.checks.groups_reading import Unread, judge_group
from expansion_signals.checks.late_dead_letters import LATELY_HOURS, judge_dead_letters
from expansion_signals.doctor.foundations import kept
from expansion_signals.log.standing_groups import standing_groups
from expansion_signals.model.instants import HOUR
from expansion_signals.model.records import Partition
from expansion_signals.model.stages import STAGES
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.checks.findings import Finding
    from expansion_signals.log.standing_groups import StandingGroups
    from expansion_signals.log.standing_log import StandingLog
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.shards import ShardStanding
    from expansion_signals.settings import Settings

_DEAD_LETTERS = "usage-events-dlq"


async def work_findings(
    settings: Settings,
    log: StandingLog,
    stands: Mapping[str, str],
    shards: Mapping[int, ShardStanding],
    now: Instant,
) -> Sequence[Finding]:
    """Return what is found; how long records have waited is known as far as the state in Redis is.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the broker does not let us look.
    """
    read_by = {stage: [topic.name for topic in topics() if stage in topic.consumers] for stage in STAGES}
    partitions = [
        Partition(topic, number)
        for topic in (*(name for names in read_by.values() for name in names), _DEAD_LETTERS)
        if settings.prefix + topic in log.topics
        for number in range(len(log.topics[settings.prefix + topic].partitions))
    ]
    groups = await asyncio.to_thread(
        standing_groups,
        settings.kafka,
        settings.prefix,
        [_group(stage) for stage in STAGES],
        partitions,
        recent_of=_DEAD_LETTERS,
        since=now - LATELY_HOURS * HOUR,
        security=settings.security,
    )
    reading = _Reading(settings.prefix, log, stands, shards, groups, now)
    found = [
        finding
        for stage, names in read_by.items()
        for finding in reading.judged(_group(stage), [each for each in partitions if each.topic in names])
    ]
    if settings.prefix + _DEAD_LETTERS in log.topics:
        found.append(judge_dead_letters(settings.prefix + _DEAD_LETTERS, groups.recent))
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is unread, from where groups stand in the log and what append time the state has reached."""

    prefix: str
    log: StandingLog
    stands: Mapping[str, str]
    shards: Mapping[int, ShardStanding]
    groups: StandingGroups
    now: Instant

    def judged(self, group: str, partitions: Sequence[Partition]) -> Iterator[Finding]:
        """Yield what is found about a group and the partitions it reads."""
        standing = self.groups.groups[group]
        unread = {
            f"{self.prefix}{each.topic}/{each.partition}": self._unread(each, standing.committed.get(each))
            for each in partitions
        }
        yield from judge_group(self.prefix + group, standing.members, unread)

    def _unread(self, partition: Partition, committed: int | None) -> Unread:
        begin, end = self.groups.begins[partition], self.groups.ends[partition]
        place = begin if committed is None else committed
        return Unread(
            max(0, end - max(place, begin)),
            self._waits(partition),
            kept(self.log.topics[self.prefix + partition.topic]),
            max(0, begin - place),
        )

    def _waits(self, partition: Partition) -> int | None:
        name = f"{self.stands.get(f'topic:{partition.topic}', self.prefix + partition.topic)}/{partition.partition}"
        reached = [shard.reached[name] for shard in self.shards.values() if name in shard.reached]
        # The furthest: a shard that is behind the group is late, which is told apart.
        return max(0, self.now - max(reached)) if reached else None


def _group(stage: str) -> str:
    return f"expansion-{stage}"
