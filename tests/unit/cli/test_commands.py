from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from expansion_signals.cli import app
from expansion_signals.local.broker import EmbeddedBroker
from expansion_signals.local.redis import free_port
from expansion_signals.local.stack import SAMPLE
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.model.events import ACCOUNT_UPDATED
from expansion_signals.model.records import Outgoing
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIGGER = {
    "specversion": "1.0",
    "id": "0a1b",
    "source": "/expansion-signals",
    "type": "expansion.limit.reached.v1",
    "subject": "acct-1",
    "time": "2026-11-22T10:00:00Z",
    "data": {"family": "limit", "why": "800 of 1,000 calls used (80 %)"},
}


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as broker:
        broker.create_topics(topic.name for topic in topics())
        yield broker


def _environment(kafka: str) -> dict[str, str]:
    return os.environ | {"EXPANSION_SIGNALS_KAFKA": kafka, "EXPANSION_SIGNALS_FETCH_WAIT_SECONDS": "0.02"}


def _run(kafka: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "expansion_signals", *arguments],
        env=_environment(kafka),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def _watching(kafka: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "expansion_signals", "watch", *arguments],
        env=_environment(kafka),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def _publish(kafka: str, *accounts: str) -> None:
    publisher = LogPublisher(kafka)
    records = [
        Outgoing("expansion-limit-reached", account.encode(), json.dumps(TRIGGER | {"subject": account}).encode())
        for account in accounts
    ]
    await publisher.publish(records)
    await publisher.stop()


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout.startswith("expansion-signals ")


def test_an_event_is_sent_as_it_is_printed(broker: EmbeddedBroker) -> None:
    sent = _run(broker.servers, "emit", "acct-1", "--meter", "api_calls", "--value", "800", "--user", "u-1", "--json")
    assert json.loads(sent.stdout)["data"] == {"meter": "api_calls", "value": "800", "user": "u-1"}


def test_an_event_of_an_own_type_is_sent(broker: EmbeddedBroker) -> None:
    sent = _run(broker.servers, "emit", "acct-1", "--type", "com.acme.report.exported", "--data", '{"pages":3}')
    assert sent.stdout.startswith("sent com.acme.report.exported ")


def test_an_account_update_goes_to_its_own_topic(broker: EmbeddedBroker) -> None:
    sent = _run(broker.servers, "emit", "acct-1", "--type", ACCOUNT_UPDATED, "--data", '{"version":1,"plan":"free"}')
    assert sent.stdout.splitlines()[0].endswith(" for acct-1 to account-updates")


def test_an_account_update_without_a_plan_is_refused_with_2(broker: EmbeddedBroker) -> None:
    refused = _run(broker.servers, "emit", "acct-1", "--type", ACCOUNT_UPDATED, "--data", '{"version":1}')
    assert (refused.returncode, "data.plan" in refused.stderr) == (2, True)


def test_an_event_that_cannot_be_counted_is_refused_with_2(broker: EmbeddedBroker) -> None:
    refused = _run(broker.servers, "emit", "acct-1", "--meter", "api_calls", "--value", "many")
    assert (refused.returncode, refused.stderr.count("\n"), "data.value" in refused.stderr) == (2, 1, True)


def test_a_broker_that_is_away_is_told_with_1() -> None:
    failed = _run(f"127.0.0.1:{free_port()}", "emit", "acct-1", "--meter", "api_calls")
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert failed.stderr.endswith("EXPANSION_SIGNALS_KAFKA names another; expansion-signals doctor looks\n")


def test_a_redis_that_is_away_is_told_with_1_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_REDIS", f"redis://127.0.0.1:{free_port()}/0")
    failed = _run("127.0.0.1:9092", "account", "show", "acct-1")
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert failed.stderr.endswith("EXPANSION_SIGNALS_REDIS names another; expansion-signals doctor looks\n")


def test_the_embedded_broker_is_not_taken_for_one_that_is_away(broker: EmbeddedBroker) -> None:
    refused = _run(broker.servers, "topics", "check")
    assert (refused.returncode, "is the embedded broker of `expansion-signals dev`" in refused.stderr) == (1, True)


def test_a_meter_that_nobody_knows_is_noted_beside_the_event_that_is_sent(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_CONFIG", str(SAMPLE))
    sent = _run(broker.servers, "emit", "acct-1", "--meter", "api_call")
    assert (sent.returncode, sent.stderr) == (
        0,
        "note: the configuration here has no meter 'api_call'; did you mean api_calls?\n",
    )


def test_letters_that_a_pipe_was_said_to_lack_are_written_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert "┏━" in _run("127.0.0.1:9092", "config", "show", str(SAMPLE)).stdout


def test_wrong_settings_are_told_with_2() -> None:
    failed = _run("nowhere", "watch")
    assert (failed.returncode, failed.stderr.startswith("EXPANSION_SIGNALS_KAFKA: ")) == (2, True)


async def test_watching_shows_what_is_on_the_topics_already_where_asked(broker: EmbeddedBroker) -> None:
    await _publish(broker.servers, "acct-1")
    watching = _watching(broker.servers, "--from-beginning", "--json")
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline()) == TRIGGER
    watching.kill()
    watching.communicate()


async def test_watching_one_account_shows_no_other(broker: EmbeddedBroker) -> None:
    await _publish(broker.servers, "acct-2", "acct-1", "acct-3")
    watching = _watching(broker.servers, "--from-beginning", "--json", "--account", "acct-1")
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["subject"] == "acct-1"
    watching.kill()
    watching.communicate()


def test_watching_where_no_topic_is_yet_says_how_they_are_made(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_PREFIX", "eu-")
    watching = _watching(broker.servers)
    assert watching.stderr is not None
    assert watching.stderr.readline().startswith("note: no topic of triggers is there under the prefix 'eu-' yet; ")
    watching.terminate()
    watching.communicate()


@pytest.mark.parametrize("polite", [signal.SIGINT, signal.SIGTERM])
def test_watching_ends_quietly_when_interrupted(broker: EmbeddedBroker, polite: signal.Signals) -> None:
    watching = _watching(broker.servers)
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.send_signal(polite)
    assert (watching.wait(10), watching.communicate()) == (130, ("", ""))


@pytest.mark.parametrize("polite", [signal.SIGINT, signal.SIGTERM])
def test_a_command_ends_quietly_while_its_modules_are_still_being_read(
    broker: EmbeddedBroker, polite: signal.Signals
) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "expansion_signals", "watch"]
    with subprocess.Popen(command, env=_environment(broker.servers), stderr=subprocess.PIPE, text=True) as starting:
        assert starting.stderr is not None
        assert any("typer" in line for line in starting.stderr)
        starting.send_signal(polite)
        told = [line for line in starting.stderr if not line.startswith("import time:")]
    assert (starting.returncode, told) == (130, [])


def test_a_command_that_a_script_put_in_the_background_can_be_ended(broker: EmbeddedBroker) -> None:
    command = [sys.executable, "-m", "expansion_signals", "watch"]
    in_background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    watching = subprocess.Popen(
        in_background, env=_environment(broker.servers), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.terminate()
    assert (watching.wait(10), watching.communicate()) == (130, ("", ""))
