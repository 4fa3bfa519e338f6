"""The example consumers, run as they are beside a mail server and a CRM."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer

from expansion_signals.log.topics import create_topics
from expansion_signals.sdk import Parking
from expansion_signals.wire.schema_files import schema_files
from expansion_signals.wire.topic_files import topics
from outside.crm import CrmServer
from outside.mail_server import MailServer
from outside.subscribers import TRIGGERS, trigger_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers.chosen import GivenKafka, Kafka

EXAMPLES = Path(__file__).parents[2] / "examples"
LEADS = "expansion-pql"
LEAD = json.loads(next(Path(str(schema_files()), "examples/expansion-pql/pql.qualified/1").glob("*.json")).read_text())
NEEDED = {
    "expansion-limit-reached",
    "expansion-seat-limit",
    "expansion-feature-gated",
    "expansion-usage-milestone",
    "expansion-pql",
    "expansion-subscriber-memory",
    "expansion-parked",
}


@pytest.fixture
def servers(kafka: GivenKafka | Kafka, prefix: str) -> str:
    wanted = [topic.model_copy(update={"partitions": 1}) for topic in topics() if topic.name in NEEDED]
    create_topics(kafka.bootstrap, prefix, wanted)
    return kafka.bootstrap


def publish(servers: str, topic: str, *events: dict[str, Any]) -> None:
    producer = Producer({"bootstrap.servers": servers, "log_level": 0})
    for event in events:
        producer.produce(topic, json.dumps(event), key=event["subject"])
    assert producer.flush(10) == 0


def lead(trigger: str, **attributes: object) -> dict[str, Any]:
    now = datetime.now(UTC)
    return LEAD | {"id": trigger, "time": now.isoformat(), "expirytime": (now + timedelta(30)).isoformat()} | attributes


@contextmanager
def running(name: str, servers: str, prefix: str, *options: str) -> Iterator[None]:
    """Run an example, and let it come to its end."""
    program = [sys.executable, EXAMPLES / name, "--kafka", servers, "--prefix", prefix, *options]
    with subprocess.Popen(program) as service:
        yield
        service.terminate()
        assert service.wait(20) == 0


def test_a_mail_comes_once_for_each_trigger_whatever_stands_twice_and_after_a_restart(
    servers: str, prefix: str
) -> None:
    with MailServer() as server:
        options = ("notification_service.py", servers, prefix, "--smtp", server.address)
        publish(servers, prefix + TRIGGERS, *(trigger_event(each) for each in ("a", "b", "a")))
        with running(*options):
            until(lambda: len(server.mails) == 2, seconds=20, waiting_for="two mails")
        publish(servers, prefix + TRIGGERS, trigger_event("b"), trigger_event("c"))
        with running(*options):
            until(lambda: len(server.mails) == 3, seconds=20, waiting_for="the third")
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{each}@growth.example.com>" for each in "abc"]
    assert (server.mails[0]["To"], server.mails[0]["Subject"]) == ("acct-1@customers.example.com", "Almost there")


def test_what_no_mail_server_takes_is_parked_and_the_others_go_on(servers: str, prefix: str) -> None:
    with MailServer() as server, Parking(servers, "mailer", prefix=prefix) as parking:
        publish(servers, prefix + TRIGGERS, trigger_event("poison", subject="acct-unknown"), trigger_event("a"))
        with running("notification_service.py", servers, prefix, "--smtp", server.address):
            [parked] = until(lambda: list(parking), seconds=30, waiting_for="it to be parked", pause_seconds=0.5)
    assert (parked.id, parked.attempts) == ("poison", 3)
    assert "no such user here" in parked.reason
    assert [mail["Message-ID"] for mail in server.mails] == ["<a@growth.example.com>"]


def test_a_crm_that_is_down_for_a_while_gets_each_lead_once_and_its_withdrawal_after_it(
    servers: str, prefix: str
) -> None:
    withdrawal = {"type": "expansion.trigger.withdrawn.v1", "data": {"trigger": "a", "reason": "upgraded"}}
    with CrmServer(down=2) as server:
        publish(servers, prefix + LEADS, lead("a"), lead("w", **withdrawal))
        with running("crm_sync.py", servers, prefix, "--crm", f"http://{server.address}"):
            until(lambda: len(server.puts) == 2, seconds=30, waiting_for="the lead and its withdrawal")
    assert server.refused == 2
    assert [(which, told["status"]) for which, told in server.puts] == [("a", "pql.qualified"), ("a", "withdrawn")]
