"""Topics as they are written in `schemas/topics/`, on a real broker."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from expansion_signals.cli.topics import app
from expansion_signals.errors import RejectedState
from expansion_signals.log.topics import check_topics, create_topics, topic_ids
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from servers.chosen import GivenKafka, Kafka

ASK_A_BROKER_THAT_IS_AWAY = """
import threading
from expansion_signals.errors import LogUnavailable
from expansion_signals.log.topics import topic_ids

try:
    topic_ids("127.0.0.1:1", ["usage-events"])
except LogUnavailable as error:
    print(type(error).__name__, threading.active_count())
"""


@pytest.fixture
def created(kafka: GivenKafka | Kafka, prefix: str) -> list[str]:
    return create_topics(kafka.bootstrap, prefix, topics())


@pytest.fixture
def settings(kafka: GivenKafka | Kafka, prefix: str) -> dict[str, str]:
    return {"EXPANSION_SIGNALS_KAFKA": kafka.bootstrap, "EXPANSION_SIGNALS_PREFIX": prefix}


def test_every_topic_is_created_under_its_prefix(created: list[str], prefix: str) -> None:
    assert sorted(created) == sorted(prefix + topic.name for topic in topics())


def test_created_topics_are_as_their_files_say(kafka: GivenKafka | Kafka, prefix: str, created: list[str]) -> None:
    assert created
    assert check_topics(kafka.bootstrap, prefix, topics()) == []


def test_creating_twice_creates_nothing(kafka: GivenKafka | Kafka, prefix: str, created: list[str]) -> None:
    assert created
    assert create_topics(kafka.bootstrap, prefix, topics()) == []


def test_missing_topics_are_differences(kafka: GivenKafka | Kafka, prefix: str) -> None:
    assert {each.found for each in check_topics(kafka.bootstrap, prefix, topics())} == {None}


def test_fewer_partitions_and_other_settings_are_differences(kafka: GivenKafka | Kafka, prefix: str) -> None:
    [usage] = [topic for topic in topics() if topic.name == "usage-events"]
    other = usage.model_copy(update={"partitions": 2, "config": {**usage.config, "retention.ms": "1000"}})
    create_topics(kafka.bootstrap, prefix, [other])

    assert [(each.setting, each.found) for each in check_topics(kafka.bootstrap, prefix, [usage])] == [
        ("partitions", "2"),
        ("retention.ms", "1000"),
    ]


def test_a_setting_that_the_broker_refuses_is_told(kafka: GivenKafka | Kafka, prefix: str) -> None:
    usage = topics()[0]
    wrong = usage.model_copy(update={"config": {"retention.ms": "soon"}})

    with pytest.raises(RejectedState, match=r"retention\.ms"):
        create_topics(kafka.bootstrap, prefix, [wrong])


def test_every_topic_has_an_id_of_its_own(kafka: GivenKafka | Kafka, created: list[str]) -> None:
    ids = topic_ids(kafka.bootstrap, created)

    assert len(set(ids.values()) - {None}) == len(created)


def test_topics_that_are_missing_are_all_named_at_once(
    kafka: GivenKafka | Kafka, prefix: str, created: list[str]
) -> None:
    with pytest.raises(RejectedState, match=f"has no topic {prefix}gone, {prefix}never-made; run `expansion-signals"):
        topic_ids(kafka.bootstrap, [prefix + "never-made", created[0], prefix + "gone"])


def test_a_broker_that_is_away_is_told_and_leaves_no_thread_behind() -> None:
    # In a process of its own: kafka-python leaves the sockets of failed connects to the garbage collector.
    result = subprocess.run(
        [sys.executable, "-c", ASK_A_BROKER_THAT_IS_AWAY], capture_output=True, text=True, check=True
    )

    assert result.stdout == "LogUnavailable 1\n"


def test_check_exits_1_and_names_what_is_missing(settings: dict[str, str], prefix: str) -> None:
    result = CliRunner().invoke(app, ["check", "--json"], env=settings)

    assert (result.exit_code, json.loads(result.stdout)["differences"][0]["topic"]) == (1, f"{prefix}account-updates")


def test_check_exits_0_after_create(settings: dict[str, str]) -> None:
    CliRunner().invoke(app, ["create", "--replication", "3"], env=settings)

    assert CliRunner().invoke(app, ["check"], env=settings).exit_code == 0


def test_a_script_is_told_which_topics_were_created(
    kafka: GivenKafka | Kafka, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_KAFKA", kafka.bootstrap)
    monkeypatch.setenv("EXPANSION_SIGNALS_PREFIX", f"told-{prefix}")
    told = [json.loads(CliRunner().invoke(app, ["create", "--json"]).stdout)["topics"] for _ in range(2)]
    assert [{each["created"] for each in of} for of in told] == [{True}, {False}]
