"""With a key of user ids, nothing that is kept or published names a person; and the key cannot be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis as RedisClient

from outside.deployment import TRIGGERS, Deployment
from outside.product import profile_event, usage_event
from outside.worker import command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

KEY = "correct horse battery staple"
PEOPLE = ("ada-lovelace", "bob-marley", "eve-online")


@pytest.fixture(scope="module")
def deployment(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """An account with members, one of whom uses what it has up, and another tries what it has not."""
    directory = tmp_path_factory.mktemp("pseudonyms")
    ada, bob, eve = PEOPLE
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"USER_KEY": KEY}) as made:
        made.product.profiles(profile_event("acct-1", "free", 1, members=[ada, bob], opted_out=[eve]))
        attempt = {"type": "expansion.feature.attempted.v1", "data": {"feature": "sso", "user": bob}}
        made.product.send(usage_event("acct-1", 1_000, user=ada), usage_event("acct-1", 1, **attempt))
        yield made


@pytest.fixture(scope="module")
def worker(deployment: Deployment) -> Worker:
    running = deployment.worker().start().until_ready()
    running.until_settled(2)
    running.until_told("expansion-signals", 1)
    return running


def test_a_trigger_names_nobody(deployment: Deployment, worker: Worker) -> None:
    assert worker.alive()
    [trigger] = deployment.triggers(TRIGGERS)
    assert len(trigger.event["data"]["user"]) == 32
    published = [
        record for name in (TRIGGERS, "expansion-signals", "expansion-decisions") for record in deployment.records(name)
    ]
    assert len(published) >= 3
    assert [record for record in published for name in PEOPLE if name in str(record.event)] == []


def test_redis_knows_nobody(deployment: Deployment, worker: Worker) -> None:
    assert worker.alive()
    with RedisClient.from_url(deployment.redis) as client:
        kept = [client.dump(key) or b"" for key in client.scan_iter(f"{deployment.prefix}*")]
    assert len(kept) > 5
    assert [name for name in PEOPLE for value in kept if name.encode() in value] == []


def test_a_person_is_forgotten_by_the_name_that_the_product_knows(deployment: Deployment, worker: Worker) -> None:
    assert worker.alive()
    forgotten = command(deployment.settings, "user", "forget", "acct-1", PEOPLE[0], "--yes")
    assert forgotten.returncode == 0
    assert "erased from" in forgotten.stdout


def test_a_worker_with_another_key_does_not_start(deployment: Deployment, worker: Worker) -> None:
    assert worker.alive()
    other = deployment.worker(USER_KEY=KEY[::-1]).start()
    assert other.ended() == 1
    assert "set EXPANSION_SIGNALS_USER_KEY as it was" in other.log()
