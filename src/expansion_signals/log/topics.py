"""Topics on the broker: created as `schemas/topics/` says, compared with it, and told apart by their ids.

Asked through kafka-python, because aiokafka knows no topic ids (`stack-facts.md`).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, errors
from kafka.admin import ConfigResource, ConfigResourceType

from expansion_signals.errors import LogUnavailable, RejectedState
from expansion_signals.knocking import refusal
from expansion_signals.log.connecting import refused
from expansion_signals.log.missing import reject_missing
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.security import KafkaSecurity
    from expansion_signals.wire.topic_files import Topic

_CONNECTS_WITHIN_MS = 5_000
_LONGEST_BACKOFF_MS = 500
"""The driver's own grows to 30 s: a broker that is back would wait for us."""

_ANSWERS_WITHIN_MS = 10_000
_EMBEDDED = "mockCluster"
"""How librdkafka's in-process broker names its cluster. It gives no topic ids, and does not survive being asked for
its versions: the client would take it for a broker that is away."""

_SPOKEN_BY_ALL = (2, 3)
"""The protocol that the in-process broker and Kafka 4 both speak."""

_MIN_INSYNC = "min.insync.replicas"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the broker's topic is not what its file says. `found` is None where the topic is missing."""

    topic: str
    setting: str
    expected: str
    found: str | None

    def __str__(self) -> str:
        """Return one line for people."""
        if self.found is None:
            return f"{self.topic}: missing"
        return f"{self.topic}: {self.setting} is {self.found}, expected {self.expected}"


def create_topics(
    servers: str,
    prefix: str,
    topics: Sequence[Topic],
    replication: int | None = None,
    security: KafkaSecurity = PLAINTEXT,
) -> list[str]:
    """Create what is missing and leave what exists as it is; return the names created, prefix included.

    No topic gets more replicas than there are brokers.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the broker refuses a topic; the message says which and why.
    """
    with administering(servers, security) as admin:
        brokers = len(admin.describe_cluster()["brokers"])
        wanted = {
            prefix + topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": (copies := min(replication or topic.replication, brokers)),
                "configs": _settings(topic, copies),
            }
            for topic in topics
        }
        answer = admin.create_topics(wanted, raise_errors=False)
        created = [result["name"] for result in answer["topics"] if _is_created(result, servers)]
        if created:
            admin.wait_for_topics(created)
        return created


def check_topics(
    servers: str, prefix: str, topics: Sequence[Topic], security: KafkaSecurity = PLAINTEXT
) -> list[Difference]:
    """Return every difference between the broker's topics and their files; more partitions than asked for are none.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the broker does not let us look.
    """
    with administering(servers, security) as admin:
        names = [prefix + topic.name for topic in topics]
        found = {each["name"]: each["partitions"] for each in admin.describe_topics(names) if each["partitions"]}
        settings = settings_of(admin, list(found))
        differences: list[Difference] = []
        for topic, name in zip(topics, names, strict=True):
            if name not in found:
                differences.append(Difference(name, "topic", "a topic", None))
            else:
                differences += _differences(topic, name, found[name], settings[name])
        return differences


def topic_ids(servers: str, names: Sequence[str], security: KafkaSecurity = PLAINTEXT) -> dict[str, str | None]:
    """Return the id of each topic; None where the broker gives no ids, as the embedded one.

    A topic that was deleted and made again has the same name and offsets, and another id.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: topics are missing, with all their names; or the broker does not let us look.
    """
    if is_embedded(servers, security):
        return dict.fromkeys(names)
    with administering(servers, security) as admin:
        found = {each["name"]: each for each in admin.describe_topics(list(names)) if each["partitions"]}
    reject_missing(servers, names, found)
    ids = {name: found[name].get("topic_id") for name in names}
    return {name: None if topic_id is None else str(topic_id) for name, topic_id in ids.items()}


class _Admin(KafkaAdminClient):  # type: ignore[misc]
    """A client that ends with its construction if the broker is away; kafka-python 3.0's leaves a thread running."""

    def __init__(self, **config: Any) -> None:  # noqa: ANN401 -- kafka-python has no types
        try:
            super().__init__(**config)
        except errors.KafkaError:
            self._closed = False  # so that close() believes there is something to close
            self.close()
            raise


def is_embedded(servers: str, security: KafkaSecurity) -> bool:
    """Say whether this is librdkafka's in-process broker, which is asked for nothing but records.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the broker does not let us look.
    """
    with administering(servers, security, _SPOKEN_BY_ALL) as admin:
        return bool(admin.describe_cluster()["cluster_id"].startswith(_EMBEDDED))


@contextmanager
def administering(servers: str, security: KafkaSecurity, protocol: tuple[int, int] | None = None) -> Iterator[Any]:
    """Hand out kafka-python's administrator, connected; what it raises inside is told as one of ours.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the broker refuses, or does not let us in.
    """
    try:
        admin = _Admin(
            bootstrap_servers=servers.split(","),
            client_id="expansion-signals",
            api_version=protocol,
            bootstrap_timeout_ms=_CONNECTS_WITHIN_MS,
            reconnect_backoff_max_ms=_LONGEST_BACKOFF_MS,
            request_timeout_ms=_ANSWERS_WITHIN_MS,
            **security.options(),
        )
        try:
            yield admin
        finally:
            admin.close()
    # kafka-python takes a broker that has just died for one that it never heard of.
    except (errors.RetriableError, errors.UnknownBrokerIdError, OSError) as error:
        if (reason := refusal(servers, security)) is not None:
            raise refused(servers, reason) from error
        raise LogUnavailable(f"Kafka at {servers} does not answer: {error}") from error
    except errors.KafkaError as error:
        raise RejectedState(f"Kafka at {servers} refuses: {error}; see docs/operations.md") from error


def _is_created(result: Mapping[str, Any], servers: str) -> bool:
    code = result["error_code"]
    if code == errors.TopicAlreadyExistsError.errno:
        return False
    if code == 0:
        return True
    error = errors.for_code(code)
    raise RejectedState(
        f"Kafka at {servers} refuses topic {result['name']}: {result['error_message'] or error.__name__}; "
        "mend its file in schemas/topics, or the broker, and run `expansion-signals topics create`"
    )


def _settings(topic: Topic, copies: int) -> dict[str, str]:
    """Return the topic's settings; a topic with fewer copies than planned must not wait for more than it has."""
    if _MIN_INSYNC not in topic.config:
        return dict(topic.config)
    enough = min(int(topic.config[_MIN_INSYNC]), max(1, copies - 1))
    return {**topic.config, _MIN_INSYNC: str(enough)}


def settings_of(admin: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:  # noqa: ANN401 -- kafka-python has no types
    """Return every setting of these topics, by topic."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = admin.describe_configs(resources, config_filter="all")["topic"]
    return {name: {key: each["value"] for key, each in settings.items()} for name, settings in answer.items()}


def _differences(
    topic: Topic, name: str, partitions: Sequence[Mapping[str, Any]], settings: Mapping[str, str]
) -> Iterator[Difference]:
    if len(partitions) < topic.partitions:
        yield Difference(name, "partitions", str(topic.partitions), str(len(partitions)))
    copies = min(len(partition["replica_nodes"]) for partition in partitions)
    for setting, expected in _settings(topic, copies).items():
        if settings.get(setting) != expected:
            yield Difference(name, setting, expected, settings.get(setting, "not set"))
