"""A worker that is set up wrongly says in one message what is wrong, and leaves."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from expansion_signals.wire.topic_files import topics
from outside.deployment import CONFIGURATION
from outside.worker import command
from servers.processes import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka

GOOD = {"KAFKA": "127.0.0.1:1", "REDIS": "redis://127.0.0.1:1/0", "CONFIG": str(CONFIGURATION)}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"KAFKA": "127.0.0.1:port"}, "EXPANSION_SIGNALS_KAFKA: expected host:port"),
        ({"HTTP": "127.0.0.1:99999"}, "EXPANSION_SIGNALS_HTTP"),
        ({"REDIS": "localhost"}, "EXPANSION_SIGNALS_REDIS"),
        ({"ACCEPTANCE_HOURS": "48"}, "EXPANSION_SIGNALS_DEDUPLICATION_HOURS: 24 must not be shorter"),
        ({"SHARDS": "many"}, "EXPANSION_SIGNALS_SHARDS"),
        ({"CONFIG": "no/such/directory"}, "no/such/directory"),
        ({"KAKFA": "127.0.0.1:1"}, "EXPANSION_SIGNALS_KAKFA: no such setting; did you mean EXPANSION_SIGNALS_KAFKA?"),
    ],
    ids=["kafka", "http", "redis", "windows", "shards", "config", "misspelt"],
)
def test_a_wrong_setting_is_one_clear_message_and_exit_2(wrong: dict[str, str], named: str) -> None:
    told = command({**GOOD, **wrong}, "worker")
    assert (told.returncode, named in told.stderr, "Traceback" in told.stderr) == (2, True, False), told.stderr


def test_broken_rules_are_told_with_file_and_line_and_exit_2(tmp_path: Path) -> None:
    broken = shutil.copytree(CONFIGURATION, tmp_path / "broken")
    (broken / "rules.yaml").write_text("rules:\n  - {id: a, signal: limit_reached, meter: no_such_meter, at: [80%]}\n")
    told = command({**GOOD, "CONFIG": str(broken)}, "worker")
    assert (told.returncode, "rules.yaml:2:" in told.stderr, "Traceback" in told.stderr) == (2, True, False), (
        told.stderr
    )


def test_missing_topics_are_named_with_the_command_that_creates_them(
    kafka: GivenKafka | Kafka, redis_url: str, prefix: str
) -> None:
    there = {"KAFKA": kafka.bootstrap, "REDIS": redis_url, "PREFIX": prefix, "HTTP": f"127.0.0.1:{free_port()}"}
    told = command({**GOOD, **there}, "worker")
    missing = ", ".join(sorted(prefix + topic.name for topic in topics()))
    assert (
        told.returncode,
        f"has no topic {missing};" in told.stderr,
        "expansion-signals topics create" in told.stderr,
        "Traceback" in told.stderr,
    ) == (1, True, True, False), told.stderr


def test_a_port_that_is_taken_is_told_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        told = command({**GOOD, "HTTP": address}, "worker")
    assert (told.returncode, address in told.stderr, "Traceback" in told.stderr) == (2, True, False), told.stderr
