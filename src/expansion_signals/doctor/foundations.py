"""What a worker stands on: Redis and Kafka as they are set up, whether anything runs on them or not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.checks.clocks import judge_clock
from expansion_signals.checks.findings import fine, warning
from expansion_signals.checks.redis_cluster import judge_cluster
from expansion_signals.checks.redis_server import judge_half_a_cluster, judge_server
from expansion_signals.checks.settings_together import judge_settings
from expansion_signals.checks.topic_settings import judge_topics
from expansion_signals.log.standing_log import StandingLog, standing_log
from expansion_signals.model.instants import MILLISECOND
from expansion_signals.state.standing_servers import standing_servers
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from expansion_signals.checks.findings import Finding
    from expansion_signals.checks.topic_replicas import StandingTopic
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.settings import Settings
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.standing_servers import StandingServers

_USAGE_EVENTS = "usage-events"


class FoundLog(NamedTuple):
    """What is found about Kafka, and what was read of it; None of the embedded broker."""

    findings: Sequence[Finding]
    standing: StandingLog | None


async def redis_findings(settings: Settings, redis: Connection, clock: Callable[[], Instant]) -> Sequence[Finding]:
    """Return what is found about Redis.

    Raises:
        StateUnavailable: it does not answer.
        RejectedState: it does not let us look, or a Cluster was named that is none.
    """
    return list(_of_servers(await standing_servers(redis, clock), settings.shards))


async def kafka_findings(settings: Settings, clock: Callable[[], Instant]) -> FoundLog:
    """Return what is found about Kafka, and about settings that must go together with its own.

    Raises:
        LogUnavailable: it does not answer.
        RejectedState: it does not let us look.
    """
    planned = topics()
    names = [settings.prefix + topic.name for topic in planned]
    standing = await asyncio.to_thread(standing_log, settings.kafka, names, clock, settings.security)
    if standing is None:
        return FoundLog(
            [fine(settings.kafka, "the embedded broker: it keeps records in memory, and no settings")], None
        )
    found = [
        *judge_topics(settings.kafka, settings.prefix, planned, standing.topics),
        *_untold(settings.kafka, standing),
        *judge_settings(settings, standing.sessions, kept(standing.topics.get(settings.prefix + _USAGE_EVENTS))),
    ]
    if standing.clock is not None:
        found.append(judge_clock(settings.kafka, standing.clock))
    return FoundLog(found, standing)


def kept(topic: StandingTopic | None) -> Duration | None:
    """Return how long a topic keeps its records; None: for ever, or it is not known."""
    if topic is None or "delete" not in topic.settings.get("cleanup.policy", ""):
        return None
    milliseconds = int(topic.settings.get("retention.ms", "-1"))
    return None if milliseconds < 0 else milliseconds * MILLISECOND


def _of_servers(standing: StandingServers, shards: int) -> Iterator[Finding]:
    for name, said in standing.reports.items():
        yield from judge_server(name, said)
        if standing.cluster is None:
            yield from judge_half_a_cluster(name, said)
    if standing.cluster is not None:
        yield from judge_cluster(standing.cluster, standing.primaries, shards)
    if standing.clock is None:
        yield _unseen("Redis", "its clock", "allow this user the command TIME")
    else:
        yield judge_clock("Redis", standing.clock)


def _untold(servers: str, standing: StandingLog) -> Iterator[Finding]:
    if any(not topic.settings for topic in standing.topics.values()):
        yield _unseen(servers, "the settings of topics", "allow this user DescribeConfigs on them")
    if standing.sessions is None:
        yield _unseen(servers, "the settings of brokers", "allow this user DescribeConfigs on the cluster")
    if standing.clock is None:
        yield _unseen(servers, "its clock", "allow this user Describe on the cluster; Kafka before 3.3 has no answer")


def _unseen(where: str, what: str, do: str) -> Finding:
    return warning(where, f"{what} cannot be seen, and was not judged", do)
