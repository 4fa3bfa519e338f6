"""docker-compose.yml and the Dockerfile, checked as far as reading them goes; `deploy/try-images.sh` runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from expansion_signals.settings import ENVIRONMENT_PREFIX, Settings
from servers.kafka_jars import kafka_version

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


def test_compose_brings_up_kafka_redis_topics_and_a_worker() -> None:
    assert set(SERVICES) == {"kafka", "redis", "topics", "worker"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_says_when_it_is_healthy_or_that_it_ends(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check.get("disable") or check["test"][0] == "CMD"


@pytest.mark.parametrize("name", ["kafka", "redis"])
def test_images_are_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"[\w/]+:\d+\.\d+[\w.-]*", SERVICES[name]["image"])


def test_compose_runs_the_kafka_that_the_tests_run() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_the_worker_starts_when_its_servers_are_healthy_and_the_topics_are_there() -> None:
    assert {name: needed["condition"] for name, needed in SERVICES["worker"]["depends_on"].items()} == {
        "kafka": "service_healthy",
        "redis": "service_healthy",
        "topics": "service_completed_successfully",
    }


def test_redis_keeps_its_writes_and_evicts_nothing() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


@pytest.mark.parametrize("name", ["topics", "worker"])
def test_every_variable_we_set_is_a_setting(name: str) -> None:
    variables = [variable.removeprefix(ENVIRONMENT_PREFIX).lower() for variable in SERVICES[name]["environment"]]
    assert set(variables) <= set(Settings.model_fields)


def test_the_sample_configuration_is_mounted_read_only() -> None:
    (volume,) = SERVICES["worker"]["volumes"]
    source, _, mode = volume.split(":")
    assert (ROOT / source / "catalog.yaml").is_file()
    assert mode == "ro"


@pytest.mark.parametrize("name", SERVICES)
def test_no_port_is_open_beyond_this_machine(name: str) -> None:
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


def test_every_volume_used_is_declared() -> None:
    used = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])


def test_the_image_runs_as_nobody_special_and_says_when_it_is_alive() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root|0)", last_stage, re.MULTILINE)
    assert "/healthz" in last_stage


def test_whatever_the_image_copies_is_sent_to_the_daemon() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line.removeprefix("!").partition("/")[0] for line in ignored if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {source.partition("/")[0] for line in copies for source in line.split()} == sent


def test_the_image_is_of_a_user_that_can_be_told_from_root_by_its_number() -> None:
    assert re.search(r"^USER [1-9]\d+$", DOCKERFILE, re.MULTILINE)


def test_the_worker_has_nothing_to_write_on_but_tmp_and_no_right_of_root() -> None:
    worker = SERVICES["worker"]
    assert (worker["read_only"], worker["tmpfs"], worker["cap_drop"]) == (True, ["/tmp"], ["ALL"])  # noqa: S108 -- the one it may write on
