"""Workers killed and frozen in the middle of their work: nothing lost, nothing twice, no counter off by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outside import load
from outside.aftermath import UNHARMED, aftermath
from outside.deployment import SIGNALS, TRIGGERS, Deployment
from servers.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

EVENTS_SECONDS = 60


def until_received(worker: Worker, count: int) -> None:
    until(
        lambda: sum(worker.tallies().values()) >= count, seconds=EVENTS_SECONDS, waiting_for=f"{count} events applied"
    )


def test_a_worker_killed_again_and_again_in_100_000_events_does_no_harm(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        worker = deployment.worker().start()
        deployment.product.profiles(*load.profiles(1_000))
        deployment.product.send(*load.usage(accounts=1_000, rounds=97))
        signals, triggers = deployment.topic(SIGNALS), deployment.topic(TRIGGERS)
        # In the middle of counting, twice.
        for received in (10_000, 40_000):
            until_received(worker, received)
            worker.kill()
            worker.start()
        # In the middle of publishing signals, then of publishing triggers: hundreds of accounts cross at once.
        signals.until(lambda record: "limit.reached" in record.event["type"], count=100, seconds=EVENTS_SECONDS)
        worker.kill()
        worker.start()
        triggers.until(lambda _: True, count=len(triggers.to_end()) + 100, seconds=EVENTS_SECONDS)
        worker.kill()
        left = len(deployment.product.sent) - sum(worker.tallies().values())
        worker.run_dry()
        assert len(deployment.product.sent) >= 99_000
        assert left
        assert aftermath(deployment, load.LIMIT) == UNHARMED


def test_a_worker_frozen_past_its_session_does_no_harm_when_it_goes_on(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path
) -> None:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as deployment:
        frozen, other = deployment.worker().start(), deployment.worker().start()
        deployment.product.profiles(*load.profiles(500))
        before, after = load.halves(load.usage(accounts=500, rounds=100))
        for worker in (frozen, other):
            worker.until_ready()
        deployment.product.begin(*before)
        until_received(frozen, 3_000)
        frozen.freeze()
        deployment.product.flush()
        other.until_settled(len(before))
        deployment.product.begin(*after)
        frozen.thaw()
        deployment.product.flush()
        other.until_settled(len(deployment.product.sent))
        frozen.stop()
        other.until_settled(len(deployment.product.sent))
        assert aftermath(deployment, load.LIMIT) == UNHARMED
