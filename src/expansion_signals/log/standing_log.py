"""The broker as it stands: its topics with their settings, what it allows of groups, and its clock. Nothing is written.

Kafka has no request for the time. The quorum of its controllers tells of each member when it was last heard of, and of
the leader "the current time" (KIP-836): so the question of who leads is answered with a clock. It is the active
controller's, which is a broker's where brokers are controllers too. A record sent to a topic would tell the same of a
partition's leader, but no topic is ours to write probes into.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType

from expansion_signals.checks.clocks import ClockReading
from expansion_signals.checks.topic_replicas import StandingPartition, StandingTopic
from expansion_signals.log.topics import administering, is_embedded, settings_of
from expansion_signals.model.instants import MILLISECOND
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.security import KafkaSecurity

_NOT_TOLD = (
    errors.ClusterAuthorizationFailedError,
    errors.TopicAuthorizationFailedError,
    errors.IncompatibleBrokerVersion,
    errors.UnsupportedVersionError,
    errors.InvalidRequestError,
)
"""Answers of a broker that does not know what we ask, or whose operator keeps it from us."""


class StandingLog(NamedTuple):
    """`topics` has those that exist, by name with the prefix.

    `sessions`: the shortest and the longest session of a group's member. It and `clock` are None where the broker does
    not tell.
    """

    topics: Mapping[str, StandingTopic]
    sessions: tuple[Duration, Duration] | None
    clock: ClockReading | None


def standing_log(
    servers: str, names: Sequence[str], clock: Callable[[], Instant], security: KafkaSecurity = PLAINTEXT
) -> StandingLog | None:
    """Return what the broker says of itself and of these topics; None of the embedded one, which says nothing.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the broker does not let us see topics.
    """
    if is_embedded(servers, security):
        return None
    with administering(servers, security) as admin:
        found = {each["name"]: each for each in admin.describe_topics(list(names)) if each["partitions"]}
        settings: dict[str, dict[str, str]] = {}
        with suppress(*_NOT_TOLD):
            settings = settings_of(admin, list(found))
        topics = {name: _topic(told, settings.get(name, {})) for name, told in found.items()}
        return StandingLog(topics, _sessions(admin), _clock(admin, clock))


def _topic(told: Mapping[str, Any], settings: Mapping[str, str]) -> StandingTopic:
    topic_id = told.get("topic_id")
    partitions = [
        StandingPartition(len(each["replica_nodes"]), len(each["isr_nodes"]), led=each["leader_id"] >= 0)
        for each in told["partitions"]
    ]
    return StandingTopic(None if topic_id is None else str(topic_id), partitions, settings)


def _sessions(admin: Any) -> tuple[Duration, Duration] | None:  # noqa: ANN401 -- kafka-python has no types
    with suppress(*_NOT_TOLD):
        broker = str(admin.describe_cluster()["brokers"][0]["broker_id"])
        resource = ConfigResource(ConfigResourceType.BROKER, broker)
        told = admin.describe_configs([resource], config_filter="all")["broker"][broker]
        names = [f"group.{end}.session.timeout.ms" for end in ("min", "max")]
        # Whom the broker does not let see its settings, it answers with none.
        if all(name in told for name in names):
            shortest, longest = (int(told[name]["value"]) for name in names)
            return shortest * MILLISECOND, longest * MILLISECOND
    return None


def _clock(admin: Any, clock: Callable[[], Instant]) -> ClockReading | None:  # noqa: ANN401 -- kafka-python has no types
    with suppress(*_NOT_TOLD):
        before = clock()
        told = admin.describe_metadata_quorum()
        after = clock()
        [partition] = told["topics"][0]["partitions"]
        for voter in partition["current_voters"]:
            if voter["replica_id"] == partition["leader_id"] and voter["last_caught_up_timestamp"] > 0:
                return ClockReading(before, voter["last_caught_up_timestamp"] * MILLISECOND, after)
    return None
