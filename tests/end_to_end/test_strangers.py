"""Clients that know nothing of us: kcat in and out, and a Java-compatible producer beside it for the same account."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import pytest
from kafka import KafkaProducer

from outside.counters import counters
from outside.deployment import TRIGGERS, Deployment
from outside.expected import Crossing, covered
from outside.product import STRUCTURED, usage_event, written
from outside.reading import WITHDRAWN
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

KINDS = {
    "structured": ["-H", f"content-type={STRUCTURED}"],
    "structured-by-its-look": [],
}
MIXED = "acct-of-many-clients"
EACH = 100


class Seen(NamedTuple):
    levels: dict[str, int]
    ids: dict[Crossing, set[str]]
    partitions: set[int]
    kcat_out: list[dict[str, object]]


class Kcat(NamedTuple):
    kafka: str
    prefix: str

    def send(self, account: str, value: int, *arguments: str, body: str | None = None) -> None:
        text = body if body is not None else json.dumps(usage_event(account, value))
        topic = ["-t", f"{self.prefix}usage-events"]
        subprocess.run(["kcat", "-P", "-b", self.kafka, *topic, *arguments], input=text, text=True, check=True)

    def read(self, topic: str) -> list[dict[str, object]]:
        told = subprocess.run(
            ["kcat", "-C", "-b", self.kafka, "-t", self.prefix + topic, "-e", "-q"],
            capture_output=True,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in told.stdout.splitlines()]


def binary(account: str, value: int) -> tuple[list[str], str]:
    """Return kcat's arguments and the value of an event in the binary form."""
    event = usage_event(account, value)
    headers = {f"ce_{name}": event[name] for name in ("specversion", "id", "source", "type", "subject")}
    headers |= {"ce_time": written(datetime.now(UTC)), "content-type": "application/json"}
    arguments = [part for name, content in headers.items() for part in ("-H", f"{name}={content}")]
    return arguments, json.dumps(event["data"])


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    if shutil.which("kcat") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("kcat is not on PATH; on Debian and Ubuntu: apt-get install kcat", pytrace=False)
        pytest.skip("kcat is not on PATH")
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("strangers")) as deployment:
        worker = deployment.worker().start()
        kcat = Kcat(kafka.bootstrap, deployment.prefix)
        accounts = [*KINDS, "binary", "no-key", "wrong-key", MIXED]
        for account in accounts:
            deployment.product.profile(account, "free")
        for kind, headers in KINDS.items():
            kcat.send(kind, 850, "-k", kind, *headers)
        headers, body = binary("binary", 850)
        kcat.send("binary", 850, "-k", "binary", *headers, body=body)
        kcat.send("no-key", 850)
        kcat.send("wrong-key", 850, "-k", "somebody-else")
        by_crc32 = "\n".join(json.dumps(usage_event(MIXED, 5)) for _ in range(EACH))
        kcat.send(MIXED, 0, "-k", MIXED, "-D", "\n", body=by_crc32)
        by_murmur2 = [usage_event(MIXED, 5) for _ in range(EACH)]
        with_java_partitions(kafka.bootstrap, f"{deployment.prefix}usage-events", by_murmur2)
        worker.until_settled(5 + 2 * EACH)
        due = {Crossing(account, 80) for account in accounts} | {Crossing(MIXED, 100)}
        triggers = deployment.topic(TRIGGERS)
        until(lambda: covered(triggers.read()).keys() >= due, seconds=20, waiting_for="the triggers of every account")
        partitions = {each.partition for each in deployment.records("usage-events") if each.key == MIXED.encode()}
        yield Seen(
            counters(redis_server.url, deployment.prefix, accounts),
            covered(deployment.triggers()),
            partitions,
            kcat.read(TRIGGERS),
        )


def with_java_partitions(bootstrap: str, topic: str, events: list[dict[str, object]]) -> None:
    """Send as the Java client does: kafka-python partitions by murmur2."""
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    try:
        for event in events:
            producer.send(topic, json.dumps(event).encode(), key=str(event["subject"]).encode())
        producer.flush(timeout=30)
    finally:
        producer.close()


@pytest.mark.parametrize("account", [*KINDS, "binary", "no-key", "wrong-key"])
def test_an_event_sent_with_kcat_counts_for_its_subject(seen: Seen, account: str) -> None:
    assert seen.levels[account] == 850


@pytest.mark.parametrize("account", [*KINDS, "binary", "no-key", "wrong-key"])
def test_an_event_sent_with_kcat_fires(seen: Seen, account: str) -> None:
    assert len(seen.ids[Crossing(account, 80)]) == 1


def test_two_kinds_of_partitioning_put_one_account_on_two_partitions(seen: Seen) -> None:
    assert len(seen.partitions) == 2


def test_one_account_on_two_partitions_has_one_correct_counter(seen: Seen) -> None:
    assert seen.levels[MIXED] == 2 * EACH * 5


@pytest.mark.parametrize("percent", [80, 100])
def test_one_account_on_two_partitions_has_one_trigger_for_each_threshold(seen: Seen, percent: int) -> None:
    assert len(seen.ids[Crossing(MIXED, percent)]) == 1


def test_the_other_key_gets_nothing(seen: Seen) -> None:
    assert "somebody-else" not in seen.levels


def test_kcat_reads_the_triggers(seen: Seen) -> None:
    ids = {str(event["id"]) for event in seen.kcat_out if event["type"] != WITHDRAWN}
    assert ids == set().union(*seen.ids.values())
