"""Files that change under a running worker: taken between two polls, or refused with the last good ones in force."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from outside.deployment import CONFIGURATION, Deployment
from outside.product import profile_event, usage_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

SECONDS = 30
QUOTA = "at: [80%, 100%]"
ACCOUNT = "acct-1"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration directory that may be changed."""
    return shutil.copytree(CONFIGURATION, tmp_path / "configuration")


@pytest.fixture
def deployment(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path, directory: Path
) -> Iterator[Deployment]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path, {"CONFIG": str(directory)}) as made:
        made.product.profiles(profile_event(ACCOUNT, "free", 1))
        yield made


def rewrite(directory: Path, old: str, new: str) -> None:
    rules = directory / "rules.yaml"
    rules.write_text(rules.read_text().replace(old, new, 1))


def until_epoch(worker: Worker, epoch: int) -> None:
    until(
        lambda: worker.readiness()["configuration_epoch"] == epoch,
        seconds=SECONDS,
        waiting_for=f"configuration epoch {epoch}",
    )


def until_refused(worker: Worker) -> list[str]:
    return list(
        until(
            lambda: worker.readiness()["configuration_problems"],
            seconds=SECONDS,
            waiting_for="the changed files to be refused",
        )
    )


def crossed(deployment: Deployment) -> list[str]:
    return [each["value"] for found in deployment.triggers() for each in found.event["data"]["crossed"]]


def test_a_threshold_that_is_added_holds_for_what_comes_next_and_what_it_found_passed_is_already_past(
    deployment: Deployment, directory: Path
) -> None:
    worker = deployment.worker().start().until_ready()
    deployment.product.send(usage_event(ACCOUNT, 600))
    worker.until_settled(1)
    rewrite(directory, QUOTA, "at: [50%, 70%, 80%, 100%]")
    until(lambda: "configuration: rule api-quota: changed" in worker.log(), seconds=SECONDS, waiting_for="the change")
    deployment.product.send(usage_event(ACCOUNT, 50))
    worker.until_settled(2)
    until_epoch(worker, 2)
    deployment.product.send(usage_event(ACCOUNT, 60))
    worker.until_settled(3)
    until(lambda: crossed(deployment), seconds=SECONDS, waiting_for="a trigger")
    assert crossed(deployment) == ["70"]


def test_wrong_files_leave_the_last_good_ones_in_force_and_are_told(deployment: Deployment, directory: Path) -> None:
    worker = deployment.worker().start().until_ready()
    rewrite(directory, QUOTA, "at: [eighty]")
    (problem,) = until_refused(worker)
    assert problem.startswith("rules.yaml:2:")
    assert "expansion_signals_configuration_problems 1.0" in worker.page("/metrics").body
    deployment.product.send(usage_event(ACCOUNT, 800))
    until(lambda: crossed(deployment), seconds=SECONDS, waiting_for="a trigger")
    assert (crossed(deployment), worker.readiness()["ready"]) == (["80"], True)


def test_files_that_are_mended_are_taken(deployment: Deployment, directory: Path) -> None:
    worker = deployment.worker().start().until_ready()
    rewrite(directory, QUOTA, "at: [eighty]")
    until_refused(worker)
    rewrite(directory, "at: [eighty]", QUOTA)
    until(lambda: not worker.readiness()["configuration_problems"], seconds=SECONDS, waiting_for="no problem")
    assert worker.readiness()["configuration_epoch"] == 1


def test_a_hang_up_has_the_worker_look_at_once_and_go_on(deployment: Deployment, directory: Path) -> None:
    worker = deployment.worker().start().until_ready()
    rewrite(directory, QUOTA, "at: [60%]")
    os.kill(worker.pid, signal.SIGHUP)
    until(lambda: "configuration: rule api-quota: changed" in worker.log(), seconds=SECONDS, waiting_for="the change")
    assert worker.alive()
