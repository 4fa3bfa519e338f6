"""The same code on recorded events: a backtest says what the worker publishes for the same input."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import CONFIGURATION, DEAD_LETTERS, PUBLISHED, Deployment
from outside.product import profile_event, usage_event
from outside.worker import command

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

NOW = datetime.now(UTC)
PROFILES = [profile_event(name, "free", 1) for name in ("acct-1", "acct-2")]
USAGE = [
    usage_event(("acct-1", "acct-2")[number % 2], 100, time=NOW - timedelta(seconds=60 - number))
    for number in range(24)
]
AGAIN = [USAGE[3], usage_event("acct-1", "0.5", time=NOW), usage_event("acct-2", -700, time=NOW)]
LATE = usage_event("acct-2", 10, time=NOW - timedelta(hours=2))


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """The input of a backtest: what a product sent, in order, and a line that is nothing."""
    file = tmp_path / "recorded.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in [*PROFILES, *USAGE, *AGAIN, LATE]))
    return file


def backtested(file: Path, *options: str) -> list[dict[str, Any]]:
    return played({}, "--input", str(file), *options)


def played(settings: Mapping[str, str], *options: str) -> list[dict[str, Any]]:
    said = command(settings, "backtest", "--config", str(CONFIGURATION), "--json", *options)
    assert said.returncode == 0, said.stderr
    return [json.loads(line) for line in said.stdout.splitlines()]


def masked(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what hangs on when a record was written: when it was decided, and what append time turned an arm."""
    found = list(events)
    for event in found:
        event.pop("recordedtime")
        for arm in event["data"].get("arms", ()):
            arm.pop("appended")
    return sorted(found, key=json.dumps)


class Worked(NamedTuple):
    """What a worker published for the input, polling one event at a time, and a backtest of its topics afterwards."""

    published: dict[str, list[dict[str, Any]]]
    letters: list[str]
    from_topics: list[dict[str, Any]]


@pytest.fixture(scope="module")
def worked(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Worked:
    directory = tmp_path_factory.mktemp("worked")
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"POLL_RECORDS": "1"}) as deployment:
        worker = deployment.worker()
        deployment.product.profiles(*PROFILES)
        worker.run_dry()
        for event in [*USAGE, *AGAIN, LATE]:
            deployment.product.send(event)
        worker.run_dry()
        published = {topic: [found.event for found in deployment.records(topic)] for topic in PUBLISHED}
        letters = [found.header["dlq_code"].decode() for found in deployment.records(DEAD_LETTERS)]
        from_topics = played(deployment.settings, "--from-topic", "--since", "1h")
    return Worked({topic: masked(events) for topic, events in published.items()}, letters, from_topics)


def rehearsed(lines: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {topic: masked(line["event"] for line in lines if line["topic"] == topic) for topic in PUBLISHED}


def test_a_backtest_says_what_the_worker_publishes_for_polls_of_one_event(worked: Worked, recorded: Path) -> None:
    assert rehearsed(backtested(recorded)) == worked.published


def test_a_backtest_rejects_what_the_worker_rejects(worked: Worked, recorded: Path) -> None:
    codes = [line["headers"]["dlq_code"] for line in backtested(recorded) if line["topic"] == DEAD_LETTERS]
    assert codes == worked.letters


def test_a_backtest_of_the_topics_says_what_the_worker_has_published(worked: Worked) -> None:
    assert rehearsed(worked.from_topics) == worked.published


def test_what_comes_after_until_is_not_played(recorded: Path) -> None:
    until = (NOW - timedelta(seconds=50)).isoformat().replace("+00:00", "Z")
    assert len(backtested(recorded, "--until", until)) < len(backtested(recorded))


def test_a_line_that_is_no_event_is_a_dead_letter_and_the_rest_is_played(recorded: Path) -> None:
    before = len(backtested(recorded))
    recorded.write_text("no event\n" + recorded.read_text())
    lines = backtested(recorded)
    assert (len(lines), lines[0]["headers"]["dlq_code"]) == (before + 1, "unparsable")


def test_the_report_tells_each_rule_and_the_difference_to_the_rules_in_force(recorded: Path, tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    tried.mkdir()
    for file in CONFIGURATION.iterdir():
        tried.joinpath(file.name).write_text(file.read_text().replace("at: [80%, 100%]", "at: [50%, 80%, 100%]", 1))
    settings = {"CONFIG": str(CONFIGURATION)}
    said = command(settings, "backtest", "--config", str(tried), "--input", str(recorded))
    assert said.returncode == 0, said.stderr
    assert "in force" in said.stdout
    assert "api-quota" in said.stdout
