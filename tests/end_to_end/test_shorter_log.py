"""The log no longer holds what the state has yet to see, or is another: a clear stop, and the command that goes on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from redis import Redis as Client

from outside.deployment import SIGNALS, Deployment
from outside.product import profile_event, usage_event
from outside.worker import command
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

SECONDS = 60
ACCOUNT = "acct-1"


@pytest.fixture
def deployment(kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path) -> Iterator[Deployment]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as made:
        made.product.profiles(profile_event(ACCOUNT, "free", 1))
        yield made


@contextmanager
def administering(deployment: Deployment) -> Iterator[AdminClient]:
    yield AdminClient({"bootstrap.servers": deployment.kafka, "log_level": 0})


def cut(deployment: Deployment) -> None:
    """Delete every usage event there is, as retention does."""
    name = f"{deployment.prefix}usage-events"
    with administering(deployment) as admin:
        partitions = admin.list_topics(name, timeout=10).topics[name].partitions
        for future in admin.delete_records([TopicPartition(name, number, -1) for number in partitions]).values():
            future.result(10)


def make_anew(deployment: Deployment) -> None:
    """Delete the topic of usage events, and make it again."""
    name = f"{deployment.prefix}usage-events"
    with administering(deployment) as admin:
        for future in admin.delete_topics([name]).values():
            future.result(10)
        until(lambda: name not in admin.list_topics(timeout=10).topics, seconds=SECONDS, waiting_for="the topic to go")
    assert command(deployment.settings, "topics", "create").returncode == 0


def use(deployment: Deployment, amount: int) -> None:
    deployment.product.send(usage_event(ACCOUNT, amount))


def shown(deployment: Deployment) -> dict[str, Any]:
    """Return the counter of `api_calls` as `account show` tells it."""
    said = command(deployment.settings, "account", "show", ACCOUNT, "--json")
    assert said.returncode == 0, said.stderr
    [counter] = [each for each in json.loads(said.stdout)["counters"] if each["meter"] == "api_calls"]
    return dict(counter)


def crossed(deployment: Deployment) -> list[str]:
    """Return the thresholds of every trigger, in order."""
    return [each["value"] for found in deployment.triggers() for each in found.event["data"]["crossed"]]


def test_events_that_retention_took_before_they_were_counted_stop_the_worker_until_it_is_told_to_go_on(
    deployment: Deployment,
) -> None:
    worker = deployment.worker()
    use(deployment, 700)
    worker.run_dry()
    use(deployment, 50)
    cut(deployment)
    use(deployment, 60)

    worker.start("--once-idle", "1")
    assert (worker.ended(), "retention took events before they were counted" in worker.log()) == (1, True)
    assert "expansion-signals worker --accept-log" in worker.log()

    worker.start("--accept-log", "--once-idle", "1")
    assert worker.ended() == 0
    counter = shown(deployment)
    assert (counter["usage"], counter["incomplete_since"] is not None) == ("760", True)


def test_a_counter_with_a_hole_fires_nothing_until_a_baseline_arrives(deployment: Deployment) -> None:
    worker = deployment.worker()
    use(deployment, 100)
    worker.run_dry()
    use(deployment, 600)
    cut(deployment)
    use(deployment, 800)
    worker.start("--accept-log", "--once-idle", "1")
    assert (worker.ended(), crossed(deployment)) == (0, [])

    now = shown(deployment)["incomplete_since"]
    usage = {"api_calls": {"value": "850", "as_of": now}}
    deployment.product.profiles(profile_event(ACCOUNT, "free", 2, usage=usage))
    worker.run_dry()
    use(deployment, 150)
    worker.run_dry()
    assert (shown(deployment)["incomplete_since"], crossed(deployment)) == (None, ["100"])


def test_everything_lost_with_a_log_too_short_leaves_counters_incomplete_and_silent(deployment: Deployment) -> None:
    worker = deployment.worker()
    use(deployment, 850)
    worker.run_dry()
    assert crossed(deployment) == ["80"]
    cut(deployment)
    with Client.from_url(deployment.redis) as redis:
        redis.eval("return redis.call('DEL', unpack(redis.call('KEYS', ARGV[1])))", 0, f"{deployment.prefix}*")
    use(deployment, 900)
    worker.run_dry()
    counter = shown(deployment)
    fired = [each["written"] for each in counter["thresholds"] if each["state"] == "fired"]
    assert (counter["usage"], counter["incomplete_since"] is None, fired) == ("900", False, ["80%"])
    assert (crossed(deployment), len(deployment.records(SIGNALS)) > 1) == (["80"], True)


def test_a_topic_made_anew_under_a_live_worker_stops_it_until_it_is_told_to_go_on(deployment: Deployment) -> None:
    worker = deployment.worker()
    use(deployment, 300)
    worker.start()
    until(lambda: worker.tallies()["counted"] == 1, seconds=SECONDS, waiting_for="the first event to be counted")
    make_anew(deployment)
    assert worker.ended() == 1

    use(deployment, 200)
    worker.start("--once-idle", "1")
    assert (worker.ended(), "was deleted and made again" in worker.log()) == (1, True)

    worker.start("--accept-log", "--once-idle", "1")
    assert (worker.ended(), shown(deployment)["usage"]) == (0, "500")
