"""The broker's topics beside `schemas/topics/`: what differs, what it does, and how it is mended.

What only costs more than the file asks for (a longer retention, larger records, more partitions) is no finding.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.checks.findings import Finding, Severity, error, fine
from expansion_signals.checks.topic_replicas import enough_in_sync, judge_replicas
from expansion_signals.model.instants import DAY, MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.checks.topic_replicas import StandingTopic
    from expansion_signals.wire.topic_files import Topic

_FOREVER = -1
_NO_LIMIT = {"retention.ms": _FOREVER}
_AT_LEAST = {"retention.ms", "max.message.bytes", "delete.retention.ms", "min.insync.replicas"}
"""Settings of which more than the file asks for does no harm."""


class _Effect(NamedTuple):
    severity: Severity
    what: str


_WARNS = Severity.WARNING
_EFFECTS = {
    "message.timestamp.type": _Effect(
        Severity.ERROR, "age is judged by the producers' clocks, and retention may take events before they are counted"
    ),
    "retention.ms": _Effect(_WARNS, "what it holds goes earlier than planned"),
    "delete.retention.ms": _Effect(_WARNS, "a worker that was away may not see tombstones"),
    "max.message.bytes": _Effect(_WARNS, "large records are refused instead of becoming dead letters"),
    "min.insync.replicas": _Effect(_WARNS, "a record may be acknowledged that one broker alone has"),
}
_UNKNOWN = _Effect(_WARNS, "it is not as its file says")


_CREATE = "run `expansion-signals topics create`"


def missing_topics(servers: str, missing: Sequence[str]) -> Finding:
    """Return the finding that topics are missing without which no worker works, with all that one command creates."""
    return error("Kafka", f"Kafka at {servers} has no topic {', '.join(missing)}", _CREATE, stops=True)


def _missing_for_subscribers(servers: str, missing: Sequence[str]) -> Finding:
    what = f"Kafka at {servers} has no topic {', '.join(missing)}: subscribers of the SDK need it, workers do not"
    return Finding(Severity.WARNING, "Kafka", what, _CREATE)


def judge_topics(
    servers: str, prefix: str, planned: Sequence[Topic], standing: Mapping[str, StandingTopic]
) -> Iterator[Finding]:
    """Yield what is found about topics; `standing` has those that exist, by name with the deployment's prefix.

    Topics that have the same fault are one finding.
    """
    names = {prefix + topic.name: topic for topic in planned}
    missing = sorted(names.keys() - standing.keys())
    if any(names[name].is_of_a_worker for name in missing):
        yield missing_topics(servers, missing)
    elif missing:
        yield _missing_for_subscribers(servers, missing)
    same: defaultdict[Finding, list[str]] = defaultdict(list)
    for name, topic in names.items():
        if name in standing:
            for found in (*judge_replicas(topic, standing[name]), *_settings(topic, standing[name])):
                same[found].append(name)
    for found, where in same.items():
        yield Finding(found.severity, ", ".join(where), found.what, _placed(found.do, servers, where), found.stops)
    if not missing and not same:
        yield fine("Kafka", f"{len(names)} topics are as their files say")


def _settings(topic: Topic, standing: StandingTopic) -> Iterator[Finding]:
    if not standing.settings:  # the broker does not tell them
        return
    for setting, planned in topic.config.items():
        found = standing.settings.get(setting, "not set")
        wanted = enough_in_sync(topic, standing) if setting == "min.insync.replicas" else planned
        if found == wanted or (setting in _AT_LEAST and _enough(setting, found, wanted)):
            continue
        yield _cleanup(found, wanted) if setting == "cleanup.policy" else _differs(topic, setting, found, wanted)


def _enough(setting: str, found: str, wanted: str) -> bool:
    number = _number(found)
    return number is not None and (number == _NO_LIMIT.get(setting) or number >= int(wanted))


def _cleanup(found: str, wanted: str) -> Finding:
    if "compact" in wanted:
        harm = "what a lost state, or a subscriber, is made anew from is deleted"
        return _told(Severity.ERROR, "cleanup.policy", found, wanted, harm)
    # Every record's key is its account: of all its events one would be left.
    harm = "only the last record of each account is kept"
    return _told(Severity.ERROR, "cleanup.policy", found, wanted, harm, stops="compact" in found)


def _differs(topic: Topic, setting: str, found: str, wanted: str) -> Finding:
    effect = _EFFECTS.get(setting, _UNKNOWN)
    number = _number(found)
    if (topic.name, setting) == ("usage-events", "retention.ms") and number is not None and number < DAY // MILLISECOND:
        effect = _Effect(
            Severity.ERROR, "events go from Kafka before workers that were away for a day have counted them"
        )
    return _told(effect.severity, setting, found, wanted, effect.what)


def _told(  # noqa: PLR0913 -- what a finding about a setting is made of
    severity: Severity, setting: str, found: str, wanted: str, harm: str, *, stops: bool = False
) -> Finding:
    do = (
        "kafka-configs.sh --bootstrap-server SERVERS --alter --entity-type topics --entity-name TOPIC "
        f"--add-config {setting}={wanted}"
    )
    return Finding(severity, "", f"{setting} is {found}, expected {wanted}: {harm}", do, stops)


def _placed(do: str, servers: str, names: Sequence[str]) -> str:
    """Return a command with the servers, and the topic if it is about one; for several, TOPIC stands for each."""
    placed = do.replace("SERVERS", servers)
    return placed.replace("TOPIC", names[0]) if len(names) == 1 else placed


def _number(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isdecimal() else None
