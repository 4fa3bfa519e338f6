"""Redis loses shards, or everything: they are made anew from the log, by themselves, and everything is exact."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from redis import Redis as Client

from outside import load
from outside.aftermath import UNHARMED, aftermath
from outside.deployment import DECISIONS, TRIGGERS, Deployment
from outside.product import structured, usage_event
from servers.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from outside.reading import Found
    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

SECONDS = 60
ACCOUNTS, ROUNDS = 300, 40
LOST = (3, 17, 42)


def begin(deployment: Deployment) -> Worker:
    """Start a worker and send a load, of which a part is counted on return."""
    worker = deployment.worker().start().until_ready()
    deployment.product.profiles(*load.profiles(ACCOUNTS))
    deployment.product.begin(*load.usage(ACCOUNTS, ROUNDS))
    until(
        lambda: sum(worker.tallies().values()) >= len(deployment.product.sent) / 3,
        seconds=SECONDS,
        waiting_for="a third of the load to be counted",
    )
    return worker


def delete(deployment: Deployment, pattern: str) -> None:
    """Delete every key of this pattern at one moment, as the loss of a node does."""
    with Client.from_url(deployment.redis) as redis:
        redis.eval("return redis.call('DEL', unpack(redis.call('KEYS', ARGV[1])))", 0, deployment.prefix + pattern)


def published(deployment: Deployment) -> Counter[str]:
    """Return how often each trigger stands on its topic."""
    return Counter(found.event["id"] for found in deployment.triggers())


def test_shards_lost_under_live_workers_are_made_anew_while_the_others_go_on(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = begin(deployment)
        for shard in LOST:
            delete(deployment, f"es:{{{shard}}}:*")
        deployment.product.flush()
        worker.until_settled(len(deployment.product.sent), seconds=SECONDS)
        assert "Redis has lost 3 of 64 shards" in worker.log()
        assert aftermath(deployment, load.LIMIT) == UNHARMED


def test_everything_lost_under_a_live_worker_is_made_anew_from_the_log(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = begin(deployment)
        delete(deployment, "*")
        deployment.product.flush()
        worker.until_settled(len(deployment.product.sent), seconds=SECONDS)
        assert "Redis is empty" in worker.log()
        assert aftermath(deployment, load.LIMIT) == UNHARMED


def test_everything_lost_while_no_worker_runs_fires_nothing_again(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        deployment.product.profiles(*load.profiles(ACCOUNTS))
        deployment.product.begin(*load.usage(ACCOUNTS, ROUNDS))
        deployment.product.flush()
        worker = deployment.worker()
        worker.run_dry()
        before = published(deployment)
        delete(deployment, "*")
        worker.run_dry()
        assert aftermath(deployment, load.LIMIT) == UNHARMED
        assert (bool(before), published(deployment)) == (True, before)


# --------------------------------------------------------------------------------------------- what people did

ACCOUNT, OUTCOMES = "acct-1", "expansion-outcomes"


def report(deployment: Deployment, deed: str, trigger: str) -> None:
    """Report what somebody did with a prompt, as a notification service writes it: without a key."""
    event = usage_event(ACCOUNT, 0, type=f"expansion.prompt.{deed}.v1", data={"trigger": trigger, "user": "u-42"})
    deployment.product.raw(json.dumps(event).encode(), headers=structured(), topic="prompt-events")


def fired(deployment: Deployment) -> list[str]:
    """Return the triggers on their topic by id, each time they stand there."""
    return [found.event["id"] for found in deployment.records(TRIGGERS) if "limit.reached" in found.event["type"]]


def test_who_has_dismissed_three_is_asked_no_more_though_everything_was_lost_since(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        product, worker = deployment.product, deployment.worker()
        product.profile(ACCOUNT, "free")
        product.send(usage_event(ACCOUNT, 850), usage_event(ACCOUNT, "0.85", meter="storage"))
        product.send(*[usage_event(ACCOUNT, 1, type="com.acme.report.exported") for _ in range(8)])
        worker.run_dry()
        before = fired(deployment)
        for trigger in before:
            report(deployment, "dismissed", trigger)
        worker.run_dry()
        delete(deployment, "*")
        worker.run_dry()
        for value in (-300, 300):
            product.send(usage_event(ACCOUNT, value))
            worker.run_dry()
        withdrawn = [found.event["data"]["trigger"] for found in deployment.records(TRIGGERS) if _withdraws(found)]
        last = max((found.event for found in deployment.records(DECISIONS)), key=lambda event: event["recordedtime"])
    assert (len(before), fired(deployment), len(withdrawn)) == (3, before, 1)
    assert (last["data"]["decision"], last["data"]["reason"]) == ("suppressed", "dismissed")


def test_what_is_bought_after_the_loss_of_everything_is_attributed_to_the_trigger_before_it(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        product, worker = deployment.product, deployment.worker()
        product.profile(ACCOUNT, "free")
        product.send(usage_event(ACCOUNT, 850))
        worker.run_dry()
        delete(deployment, "*")
        worker.run_dry()
        product.profile(ACCOUNT, "pro", 2)
        worker.run_dry()
        (outcome,) = (found.event["data"] for found in deployment.records(OUTCOMES))
        (trigger,) = fired(deployment)
        withdrawn = [found.event["data"] for found in deployment.records(TRIGGERS) if _withdraws(found)]
    assert (outcome["kind"], outcome["trigger"]) == ("upgrade", trigger)
    assert [(each["trigger"], each["reason"]) for each in withdrawn] == [(trigger, "upgraded")]


def _withdraws(found: Found) -> bool:
    return str(found.event["type"]) == "expansion.trigger.withdrawn.v1"
