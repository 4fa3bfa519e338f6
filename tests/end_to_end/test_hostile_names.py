"""Names that somebody chose to do harm: they are counted or refused, and stay out of keys, labels and log lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis as RedisClient
from redis.cluster import key_slot

from expansion_signals.state.keys import shard_of
from outside.deployment import DEAD_LETTERS, Deployment
from outside.product import profile_event, usage_event
from outside.worker import command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

LONGEST = 512
MARK = "EVIL"
RIGHT_TO_LEFT = "\u202e"
ALLOWED = f'{MARK}{{0}}:{{}}::*?[^]\\|"%s{{x!r}}<b>[red]{RIGHT_TO_LEFT}'
"""What is text, however it looks: it is counted."""

FORBIDDEN = f"{MARK}\nINFO forged: all is well\r\x1b[31m\x1b]0;title\x07\x00"
"""What has control characters: it is a dead letter."""

LINE = re.compile(r'{"time": "[\dTZ:.-]+", "level": "(debug|info|warning|error)", "logger": ".*}')
SHARDS = 64
FIELDS = ("subject", "id", "meter", "user", "feature")


def longest(name: str) -> str:
    return (name * LONGEST)[:LONGEST]


def named(field: str, name: str) -> dict[str, Any]:
    """Return an event that has this name in one place, and is good elsewhere."""
    account = name if field == "subject" else "acct-1"
    if field == "feature":
        data = {"feature": name, "user": "u-1"}
        return usage_event(account, 1, type="expansion.feature.attempted.v1", data=data)
    meter, user = (name if field == each else good for each, good in (("meter", "api_calls"), ("user", "u-1")))
    return usage_event(account, 1, meter=meter, user=user, id=name if field == "id" else None)


@pytest.fixture(scope="module")
def deployment(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """Counted, or refused: an event for each field and name, and a profile that is all names."""
    directory: Path = tmp_path_factory.mktemp("hostile")
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"LOG_LEVEL": "debug"}) as made:
        for name in (ALLOWED, FORBIDDEN):
            bad = longest(name)
            made.product.profiles(profile_event(f"acct-{len(bad)}", bad, 1, limits={bad: "1"}, add_ons={bad: 1}))
            made.product.send(*(named(field, bad) for field in FIELDS))
        yield made


@pytest.fixture(scope="module")
def worker(deployment: Deployment) -> Worker:
    running = deployment.worker().start().until_ready()
    running.until_settled(2 * len(FIELDS))
    return running


def test_names_that_are_text_are_counted_and_others_are_dead_letters(deployment: Deployment, worker: Worker) -> None:
    tallies = worker.tallies()
    # A meter that no catalog has is unmatched, whatever its name; that of the other has control characters.
    assert (tallies["counted"], tallies["unmatched"], tallies["dead_lettered"]) == (4, 1, 5)
    assert len(deployment.records(DEAD_LETTERS)) >= 5


def test_every_line_of_the_log_is_the_workers_own(worker: Worker) -> None:
    assert [line for line in worker.log().splitlines() if not LINE.fullmatch(line)] == []


@pytest.mark.parametrize("letter", ["\x1b", "\x00", "\x07", RIGHT_TO_LEFT], ids=repr)
def test_no_letter_that_rules_a_terminal_is_in_the_log(letter: str, worker: Worker) -> None:
    assert letter not in worker.log()


def test_no_line_of_the_log_grows_with_a_name(worker: Worker) -> None:
    told = [line for line in worker.log().splitlines() if MARK in line]
    assert told
    assert [len(line) for line in told if len(line) > 2 * LONGEST] == []


def test_no_label_of_a_metric_has_a_name(worker: Worker) -> None:
    assert MARK not in worker.page("/metrics").body


def test_every_key_stays_in_the_shard_of_its_account(deployment: Deployment, worker: Worker) -> None:
    assert worker.alive()
    with RedisClient.from_url(deployment.redis) as client:
        keys = [key for key in client.scan_iter(f"{deployment.prefix}*") if MARK.encode() in key]
    own = {key_slot(f"{{{shard_of(account, SHARDS)}}}".encode()) for account in (longest(ALLOWED), "acct-1")}
    assert keys
    assert {key_slot(key) for key in keys} <= own


def test_no_key_is_longer_than_its_names(deployment: Deployment, worker: Worker) -> None:
    assert worker.alive()
    with RedisClient.from_url(deployment.redis) as client:
        lengths = [len(key) for key in client.scan_iter(f"{deployment.prefix}*")]
    assert max(lengths) < 2 * len(longest(ALLOWED).encode()) + 100


def test_what_is_shown_of_dead_letters_rules_no_terminal(deployment: Deployment, worker: Worker) -> None:
    assert worker.alive()
    assert "\x1b" not in command(deployment.settings, "dlq", "list").stdout
