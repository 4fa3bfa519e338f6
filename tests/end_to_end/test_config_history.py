"""What was accepted and when: a worker that takes new files leaves a trace that `config history` shows."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event
from outside.worker import command
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

CATALOG = """
currency: USD
meters:
  calls: {event: expansion.usage.recorded.v1, where: {meter: calls}, aggregation: sum, value: value, unit: call}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}}}
  - {key: pro, price: "49", includes: {calls: {limit: 20000}}}
"""
FIRST = """
rules:
  - {id: quota, signal: limit_reached, meter: calls, at: [80%]}
"""
SECOND = """
rules:
  # Earlier: at 80 % it was too late.
  - {id: quota, signal: limit_reached, meter: calls, at: [70%]}
  - {id: whole, signal: limit_reached, meter: calls, at: [100%]}
"""


class Told(NamedTuple):
    settings: dict[str, str]
    revision: str
    version: str
    epochs: list[dict[str, Any]]

    def run(self, *arguments: str) -> CompletedProcess[str]:
        return command(self.settings, "config", "history", *arguments)


def git(directory: Path, *arguments: str) -> str:
    person = ("-c", "user.name=dana", "-c", "user.email=dana@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *person, *arguments], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def told(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    directory = tmp_path_factory.mktemp("history")
    (directory / "catalog.yaml").write_text(CATALOG)
    (directory / "rules.yaml").write_text(FIRST)
    git(directory, "init", "--quiet")
    git(directory, "add", "catalog.yaml", "rules.yaml")
    git(directory, "commit", "--quiet", "-m", "first")
    logs = tmp_path_factory.mktemp("logs")
    with Deployment(kafka.bootstrap, redis_server.url, logs, {"CONFIG": str(directory)}) as deployment:
        worker = deployment.worker().start().until_ready()
        deployment.product.profile("acct-1", "free")
        deployment.product.send(usage_event("acct-1", 800, meter="calls"))
        [trigger] = deployment.topic(TRIGGERS).until(lambda _: True)
        (directory / "rules.yaml").write_text(SECOND)
        until(lambda: "configuration epoch 2" in worker.log(), seconds=20, waiting_for="the second epoch")
        shown = json.loads(command(deployment.settings, "config", "history", "--json").stdout)
        version = trigger.event["data"]["rule"]["version"]
        yield Told(deployment.settings, git(directory, "rev-parse", "HEAD"), version, shown["epochs"])


def test_every_configuration_that_was_accepted_is_told(told: Told) -> None:
    assert [(each["epoch"], each["in_force"]) for each in told.epochs] == [(1, False), (2, True)]


def test_each_has_the_git_revision_of_its_files(told: Told) -> None:
    assert [each["git"] for each in told.epochs] == [told.revision, f"{told.revision}-dirty"]


def test_each_has_the_hashes_of_its_files(told: Told) -> None:
    hashes = [each["files"]["rules.yaml"] for each in told.epochs]
    assert hashes == [hashlib.sha256(text.encode()).hexdigest() for text in (FIRST, SECOND)]


def test_each_tells_when_it_was_accepted(told: Told) -> None:
    first, second = (each["at"] for each in told.epochs)
    assert first < second


def test_the_version_on_a_trigger_leads_to_what_the_rule_said(told: Told) -> None:
    versions = json.loads(told.run("--rule", "quota", "--json").stdout)["versions"]
    [text] = [each["text"] for each in versions if each["version"] == told.version]
    assert text == "- {id: quota, signal: limit_reached, meter: calls, at: [80%]}"


def test_a_rule_that_came_later_was_not_there_before(told: Told) -> None:
    versions = json.loads(told.run("--rule", "whole", "--json").stdout)["versions"]
    assert [each["version"] is None for each in versions] == [True, False]


def test_a_person_reads_what_changed(told: Told) -> None:
    lines = [line.strip() for line in told.run().stdout.splitlines()]
    assert [line for line in lines if line.startswith("rule ")] == ["rule quota: changed", "rule whole: new"]


def test_a_person_reads_the_text_of_each_version(told: Told) -> None:
    shown = told.run("--rule", "quota").stdout
    assert ("at: [80%]" in shown, "at: [70%]" in shown, "and changes" in shown) == (True, True, True)


def test_a_rule_that_never_was_is_told_with_the_nearest(told: Told) -> None:
    failed = told.run("--rule", "quotas")
    assert (failed.returncode, "did you mean quota?" in failed.stderr) == (2, True)
