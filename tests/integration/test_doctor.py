"""`expansion-signals doctor`, and what a worker says as it starts, on real servers that are set up wrongly."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType
from redis import Redis as RedisClient

from outside.deployment import DEAD_LETTERS, Deployment
from outside.product import usage_event
from outside.worker import command
from servers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis
    from servers.redis import RedisProcess
    from servers.redis_cluster import RedisClusterProcesses

NOWHERE = {"KAFKA": "127.0.0.1:1", "REDIS": "redis://127.0.0.1:1/0"}


@pytest.fixture
def deployment(kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path: Path) -> Iterator[Deployment]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path) as made:
        yield made


def examined(settings: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the document; where settings name no pages, nobody's answer."""
    told = command({"HTTP": f"127.0.0.1:{free_port()}", **settings}, "doctor", "--json")
    assert told.stdout, told.stderr
    document: dict[str, Any] = json.loads(told.stdout)
    return told.returncode, document


def findings(settings: dict[str, str], severity: str) -> list[str]:
    return [found["what"] for found in examined(settings)[1]["findings"] if found["severity"] == severity]


def alter(deployment: Deployment, topic: str, setting: str, value: str) -> None:
    """Change a topic's setting as an operator would."""
    changed = ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, deployment.prefix + topic, incremental_configs=[changed])
    administrator = AdminClient({"bootstrap.servers": deployment.kafka, "log_level": 0})
    for done in administrator.incremental_alter_configs([resource]).values():
        done.result()


@contextmanager
def configured(url: str, setting: str, value: str) -> Iterator[None]:
    """Change a setting of a Redis."""
    with RedisClient.from_url(url) as client:
        client.config_set(setting, value)
        yield


def test_a_set_up_that_is_well_has_no_errors(deployment: Deployment) -> None:
    deployment.worker().run_dry()
    code, document = examined(deployment.settings)
    assert (code, document["healthy"], document["errors"]) == (0, True, 0), document


def test_a_worker_that_runs_is_seen_in_its_pages_and_its_groups(deployment: Deployment) -> None:
    worker = deployment.worker().start().until_ready()
    well = findings({**deployment.settings, "HTTP": f"127.0.0.1:{worker.port}"}, "ok")
    assert [what for what in well if "worker is ready" in what or "workers: 1" in what] == [
        "the worker is ready, at configuration epoch 1",
        "workers: 1, records unread: 0",
        "workers: 1, records unread: 0",
    ]


def test_both_servers_tell_the_time_that_this_machine_has(deployment: Deployment) -> None:
    agree = [what for what in findings(deployment.settings, "ok") if what.startswith("its clock and this machine's")]
    assert len(agree) == 2


def test_everything_is_told_at_once_though_both_servers_are_away(tmp_path: Path) -> None:
    code, document = examined({**NOWHERE, "CONFIG": str(tmp_path / "gone")})
    errors = [found["about"] for found in document["findings"] if found["severity"] == "error"]
    assert (code, errors) == (1, ["Redis", "Kafka and settings", "Configuration"])


def test_topics_are_told_though_redis_is_away(deployment: Deployment) -> None:
    found = findings({**deployment.settings, "REDIS": NOWHERE["REDIS"]}, "warning")
    assert any(what.startswith("a single replica") for what in found)


def test_redis_is_told_though_kafka_is_away(deployment: Deployment) -> None:
    assert "the append-only file is on" in findings({**deployment.settings, "KAFKA": NOWHERE["KAFKA"]}, "ok")


def test_topics_that_are_missing_are_told_with_the_command(kafka: GivenKafka | Kafka, redis_url: str) -> None:
    settings = {"KAFKA": kafka.bootstrap, "REDIS": redis_url, "PREFIX": "never-made-"}
    told = command(settings, "doctor")
    assert (told.returncode, "run `expansion-signals topics create`" in told.stdout) == (1, True), told.stdout


def test_wrong_settings_are_told_with_2() -> None:
    told = command({"SHARDS": "many"}, "doctor")
    assert (told.returncode, told.stderr.startswith("EXPANSION_SIGNALS_SHARDS: ")) == (2, True)


def test_another_number_of_shards_is_an_error(deployment: Deployment) -> None:
    deployment.worker().run_dry()
    errors = findings({**deployment.settings, "SHARDS": "16"}, "error")
    assert errors == ["this deployment has 64 shards, the worker was started with 16"]


def test_records_that_nobody_reads_are_told(deployment: Deployment) -> None:
    deployment.product.send(usage_event("acct-1", 1))
    deployment.worker().run_dry()
    deployment.product.send(usage_event("acct-1", 1))
    [waiting] = [what for what in findings(deployment.settings, "warning") if "records unread: 1" in what]
    assert waiting.startswith("no worker reads: workers: 0, records unread: 1, the oldest for up to ")


def test_dead_letters_of_late_are_told(deployment: Deployment) -> None:
    deployment.product.raw(b"no event")
    deployment.worker().run_dry()
    assert len(deployment.records(DEAD_LETTERS)) == 1
    assert any(what.startswith("1 dead letters within 24 hours") for what in findings(deployment.settings, "warning"))


def test_a_topic_that_was_made_again_is_an_error(deployment: Deployment) -> None:
    deployment.worker().run_dry()
    name = f"{deployment.prefix}prompt-events"
    administrator = AdminClient({"bootstrap.servers": deployment.kafka, "log_level": 0})
    administrator.delete_topics([name])[name].result()
    administrator.create_topics([NewTopic(name, 12, 1)])[name].result()
    assert any("prompt-events was deleted and made again" in what for what in findings(deployment.settings, "error"))


def test_a_redis_cluster_that_is_whole_is_well(deployment: Deployment, cluster: RedisClusterProcesses) -> None:
    code, document = examined({**deployment.settings, "REDIS": cluster.url})
    about_redis = [found["what"] for found in document["findings"] if found["about"] == "Redis"]
    assert (code, "every slot is served, by 3 primaries" in about_redis) == (0, True), about_redis


def test_a_node_of_a_cluster_named_alone_is_an_error(deployment: Deployment, cluster: RedisClusterProcesses) -> None:
    node = cluster.url.replace("redis+cluster://", "redis://").partition(",")[0]
    errors = findings({**deployment.settings, "REDIS": node}, "error")
    assert errors[0] == "this Redis is a node of a Cluster and holds only a part of the keys"


def test_colours_are_left_out_where_none_are_wanted(deployment: Deployment) -> None:
    assert "\x1b[" not in command(deployment.settings, "doctor").stdout


def test_a_worker_says_at_its_start_that_the_append_only_file_is_off(
    kafka: GivenKafka | Kafka, new_redis: Callable[[], RedisProcess], tmp_path: Path
) -> None:
    redis = new_redis()
    with (
        configured(redis.url, "appendonly", "no"),
        Deployment(kafka.bootstrap, redis.url, tmp_path) as deployment,
    ):
        worker = deployment.worker()
        worker.run_dry()
        lines = [line for line in worker.log().splitlines() if "the append-only file is off" in line]
        assert [('"level": "warning"' in line, "CONFIG SET appendonly yes" in line) for line in lines] == [(True, True)]


def test_a_worker_refuses_a_redis_that_evicts_in_the_words_of_doctor(
    kafka: GivenKafka | Kafka, new_redis: Callable[[], RedisProcess], tmp_path: Path
) -> None:
    redis = new_redis()
    with (
        configured(redis.url, "maxmemory-policy", "allkeys-lru"),
        Deployment(kafka.bootstrap, redis.url, tmp_path) as deployment,
    ):
        worker = deployment.worker().start()
        [stopping] = [found for found in examined(deployment.settings)[1]["findings"] if found["stops_worker"]]
        assert (worker.ended(), f"{stopping['what']}; {stopping['do']}" in worker.log()) == (1, True)


def test_a_worker_refuses_events_that_are_compacted(deployment: Deployment) -> None:
    alter(deployment, "usage-events", "cleanup.policy", "compact")
    worker = deployment.worker().start()
    assert (worker.ended(), "only the last record of each account is kept" in worker.log()) == (1, True)


def test_a_worker_starts_on_topics_that_only_keep_less(deployment: Deployment) -> None:
    alter(deployment, "usage-events", "retention.ms", "3600000")
    worker = deployment.worker()
    worker.run_dry()
    assert "retention.ms is 3600000, expected 604800000" in worker.log()
