from __future__ import annotations

import pytest

from expansion_signals.checks.findings import Finding, Severity
from expansion_signals.checks.topic_replicas import StandingPartition, StandingTopic
from expansion_signals.checks.topic_settings import judge_topics
from expansion_signals.wire.topic_files import Topic, topics

WELL = StandingPartition(3, 3, led=True)
PLANNED = {topic.name: topic for topic in topics()}


def standing(
    topic: Topic, *, partition: StandingPartition = WELL, partitions: int = 0, **settings: str
) -> StandingTopic:
    """Return the topic as its file says, but for these; settings are named with `_` for `.`."""
    changed = {name.replace("_", "."): value for name, value in settings.items()}
    return StandingTopic("id", [partition] * (partitions or topic.partitions), {**topic.config, **changed})


def wrong(name: str, found: StandingTopic) -> list[Finding]:
    judged = judge_topics("kafka:9092", "p-", [PLANNED[name]], {f"p-{name}": found})
    return [finding for finding in judged if finding.severity is not Severity.OK]


def of_usage(**settings: str) -> list[Finding]:
    return wrong("usage-events", standing(PLANNED["usage-events"], **settings))


def test_topics_that_are_as_their_files_say_are_well() -> None:
    found = {f"p-{name}": standing(topic) for name, topic in PLANNED.items()}
    assert [each.severity for each in judge_topics("kafka:9092", "p-", topics(), found)] == [Severity.OK]


def test_missing_topics_stop_the_worker_with_all_their_names() -> None:
    [finding] = judge_topics("kafka:9092", "p-", [PLANNED["usage-events"], PLANNED["prompt-events"]], {})
    assert (finding.stops, finding.sentence) == (
        True,
        "Kafka at kafka:9092 has no topic p-prompt-events, p-usage-events; run `expansion-signals topics create`",
    )


def test_topics_that_subscribers_keep_among_themselves_stop_no_worker() -> None:
    planned = [PLANNED["expansion-parked"], PLANNED["expansion-subscriber-memory"]]
    [finding] = judge_topics("kafka:9092", "p-", planned, {})
    assert (finding.severity, finding.stops) == (Severity.WARNING, False)
    assert "p-expansion-parked, p-expansion-subscriber-memory: subscribers of the SDK need it" in finding.what


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("retention_ms", "-1"),
        ("retention_ms", "9999999999"),
        ("max_message_bytes", "99999999"),
        ("min_insync_replicas", "3"),
    ],
)
def test_more_than_asked_for_is_no_finding(setting: str, value: str) -> None:
    assert of_usage(**{setting: value}) == []


@pytest.mark.parametrize(
    ("setting", "value", "severity"),
    [
        ("message_timestamp_type", "CreateTime", Severity.ERROR),
        ("retention_ms", "86400000", Severity.WARNING),
        ("retention_ms", "86399999", Severity.ERROR),
        ("max_message_bytes", "1048588", Severity.WARNING),
        ("min_insync_replicas", "1", Severity.WARNING),
        ("cleanup_policy", "compact", Severity.ERROR),
    ],
)
def test_a_setting_is_judged_by_what_it_does(setting: str, value: str, severity: Severity) -> None:
    assert [finding.severity for finding in of_usage(**{setting: value})] == [severity]


@pytest.mark.parametrize("name", ["usage-events", "expansion-signals", "prompt-events"])
@pytest.mark.parametrize("policy", ["compact", "compact,delete"])
def test_a_topic_that_is_compacted_where_each_record_counts_stops_the_worker(name: str, policy: str) -> None:
    found = wrong(name, standing(PLANNED[name], cleanup_policy=policy))
    assert [finding.stops for finding in found] == [True]


def test_a_topic_that_is_not_compacted_where_the_last_record_stands_is_an_error_that_stops_nothing() -> None:
    [finding] = wrong("account-updates", standing(PLANNED["account-updates"], cleanup_policy="delete"))
    assert (finding.severity, finding.stops) == (Severity.ERROR, False)


def test_a_setting_is_mended_with_the_command_told() -> None:
    [finding] = of_usage(message_timestamp_type="CreateTime")
    assert finding.do == (
        "kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type topics --entity-name p-usage-events "
        "--add-config message.timestamp.type=LogAppendTime"
    )


def test_a_topic_whose_settings_are_not_told_is_judged_by_its_replicas_alone() -> None:
    bare = standing(PLANNED["usage-events"])._replace(settings={})
    assert wrong("usage-events", bare) == []


@pytest.mark.parametrize(
    ("partition", "severity", "said"),
    [
        (StandingPartition(1, 1, led=True), Severity.WARNING, "a single replica"),
        (StandingPartition(2, 2, led=True), Severity.WARNING, "2 replicas, expected 3"),
        (StandingPartition(3, 2, led=True), Severity.WARNING, "12 partitions have replicas that do not keep up"),
        (StandingPartition(3, 1, led=True), Severity.ERROR, "12 partitions have fewer than 2 replicas in sync"),
        (StandingPartition(3, 3, led=False), Severity.ERROR, "12 partitions have no leader"),
    ],
)
def test_replicas_are_judged_by_whether_records_can_be_lost(
    partition: StandingPartition, severity: Severity, said: str
) -> None:
    usage = PLANNED["usage-events"]
    enough = "1" if partition.copies < 3 else "2"
    [finding] = wrong("usage-events", standing(usage, partition=partition, min_insync_replicas=enough))
    assert (finding.severity, finding.what.startswith(said)) == (severity, True)


def test_a_topic_that_waits_for_more_replicas_than_it_has_cannot_be_written_to() -> None:
    usage = PLANNED["usage-events"]
    found = wrong("usage-events", standing(usage, partition=StandingPartition(1, 1, led=True)))
    assert [finding.severity for finding in found] == [Severity.WARNING, Severity.ERROR]


def test_fewer_partitions_are_a_warning_and_more_are_none() -> None:
    usage = PLANNED["usage-events"]
    found = [wrong("usage-events", standing(usage, partitions=number)) for number in (11, 13)]
    assert [[finding.severity for finding in each] for each in found] == [[Severity.WARNING], []]


def test_topics_with_the_same_fault_are_one_finding() -> None:
    names = ["expansion-pql", "usage-events"]
    single = StandingPartition(1, 1, led=True)
    found = {f"p-{name}": standing(PLANNED[name], partition=single, min_insync_replicas="1") for name in names}
    [finding] = judge_topics("kafka:9092", "p-", [PLANNED[name] for name in names], found)
    assert finding.where == "p-expansion-pql, p-usage-events"
