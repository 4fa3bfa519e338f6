"""Poison of every kind among good events, on every topic that workers read: the good ones count, and nothing stops."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from confluent_kafka import Producer

from outside.counters import counters
from outside.deployment import DEAD_LETTERS, PROMPTS, SIGNALS, Deployment
from outside.product import profile_event, prompt_event, structured, usage_event

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

UPDATES, USAGE = "account-updates", "usage-events"
TOPICS = (USAGE, UPDATES, SIGNALS, PROMPTS)
ACCOUNT = "victim"
GOOD = 120
BOMB_BYTES = 60_000_000
"""What 60 KB on the wire come to: the broker limits what it is sent, not what that expands to."""


def fuzzed(seed: int) -> bytes:
    """Return a good record of some kind, with some of its bytes changed."""
    chance = random.Random(seed)  # noqa: S311 -- the same each time
    kinds = (
        usage_event("stranger", 1),
        profile_event("stranger", "free", seed),
        prompt_event("shown", {"subject": "stranger", "id": "t"}, "ada"),
    )
    content = bytearray(json.dumps(chance.choice(kinds)).encode())
    for _ in range(chance.randint(1, 6)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


POISON: Mapping[str, bytes | None] = {
    "garbage": bytes(range(256)),
    "nothing": b"",
    "lists-in-lists": b"[" * 500_000,
    "objects-in-objects": b'{"a":' * 100_000,
    "no-utf-8": json.dumps(usage_event("stranger", 1)).encode().replace(b"u-42", b"\xff\xfe"),
    "a-key-twice": json.dumps(usage_event("stranger", 1)).encode().replace(b'"id"', b'"id":"x","id"', 1),
    "a-huge-number": json.dumps(profile_event("stranger", "free", 1, nps=7)).replace(": 7", ": 1e999999999").encode(),
    "a-huge-value": json.dumps(usage_event("stranger", 7)).replace(": 7", ": 1e999999999").encode(),
    "packed": gzip.compress(b"x" * 1_000_000),
    "nearly-a-mebibyte": b'{"a":"' + b"x" * 900_000 + b'"}',
    "of-another-topic": json.dumps(prompt_event("shown", {"subject": "stranger", "id": "t"}, "ada")).encode()[:-3],
    **{f"fuzzed-{seed}": fuzzed(seed) for seed in range(60)},
}


class Seen(NamedTuple):
    level: int
    tallies: Mapping[str, Counter[str]]
    sent: int
    bombs: Mapping[str, bytes | None]
    log: str
    memory_mb: int


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("poison")) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product
        product.profile(ACCOUNT, "enterprise")
        for name, value in POISON.items():
            for topic in TOPICS:
                product.begin_raw(value, key=name.encode(), headers=structured(), topic=topic)
            product.begin(usage_event(ACCOUNT, 1))
        bombs = Producer({"bootstrap.servers": kafka.bootstrap, "compression.type": "gzip", "message.max.bytes": 10**8})
        for topic in (USAGE, PROMPTS):
            bombs.produce(deployment.prefix + topic, b"0" * BOMB_BYTES, key=b"bomb")
        bombs.flush(60)
        product.begin(*(usage_event(ACCOUNT, 1) for _ in range(GOOD - len(POISON))))
        product.flush()
        worker.until_settled(len(POISON) + GOOD + 1, seconds=90)
        for topic, more in ((UPDATES, 1), (SIGNALS, 0), (PROMPTS, 1)):
            worker.until_told(topic, len(POISON) + more, seconds=60)
        assert worker.alive()
        memory = Path(f"/proc/{worker.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
        letters = deployment.records(DEAD_LETTERS)
        yield Seen(
            counters(redis_server.url, deployment.prefix, [ACCOUNT])[ACCOUNT],
            {topic: worker.tallies(topic) for topic in TOPICS},
            len(POISON),
            {str(each.header["dlq_topic"]): each.header["dlq_code"] for each in letters if each.key == b"bomb"},
            worker.log(),
            int(memory) // 1024,
        )


def test_every_good_event_among_the_poison_counts_once(seen: Seen) -> None:
    assert seen.level == GOOD


@pytest.mark.parametrize("topic", TOPICS)
def test_every_record_is_accounted_for(seen: Seen, topic: str) -> None:
    besides = {USAGE: GOOD + 1, UPDATES: 1, PROMPTS: 1}
    assert sum(seen.tallies[topic].values()) >= seen.sent + besides.get(topic, 0)


def test_what_expands_to_a_thousand_times_its_size_is_too_large(seen: Seen) -> None:
    assert list(seen.bombs.values()) == [b"too_large", b"too_large"]


def test_a_worker_that_was_sent_bombs_stays_within_its_memory(seen: Seen) -> None:
    assert seen.memory_mb < 1_000


def test_no_poison_leaves_a_traceback_in_the_log(seen: Seen) -> None:
    assert "Traceback" not in seen.log
