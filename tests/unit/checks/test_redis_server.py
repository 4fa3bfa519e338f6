from __future__ import annotations

import pytest

from expansion_signals.checks.findings import Finding, Severity
from expansion_signals.checks.redis_server import judge_eviction, judge_half_a_cluster, judge_server

GIB = 2**30
WELL = {
    "redis_version": "7.0.15",
    "maxmemory": 4 * GIB,
    "maxmemory_policy": "noeviction",
    "used_memory": GIB,
    "total_system_memory": 16 * GIB,
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "rdb_last_bgsave_status": "ok",
    "role": "master",
    "connected_slaves": 1,
    "cluster_enabled": 0,
}


def wrong(**said: object) -> list[Finding]:
    """Return what is found beside what is well of a server that says this where others are well."""
    found = judge_server("redis:6379", {**WELL, **said})
    return [finding for finding in found if finding.severity is not Severity.OK]


def test_of_a_server_that_is_well_nothing_is_wrong() -> None:
    assert wrong() == []


def test_a_server_that_says_nothing_is_not_judged() -> None:
    assert [each.severity for each in judge_server("redis:6379", {})] == [Severity.OK, Severity.OK]


@pytest.mark.parametrize("version", ["6.0.16", "5.0.7"])
def test_a_server_older_than_6_2_is_an_error(version: str) -> None:
    assert [finding.severity for finding in wrong(redis_version=version)] == [Severity.ERROR]


@pytest.mark.parametrize("version", ["6.2.0", "7.4.1", "10.0.0"])
def test_a_server_of_6_2_or_newer_is_well(version: str) -> None:
    assert wrong(redis_version=version) == []


def test_valkey_is_told_by_its_own_version() -> None:
    found = judge_server("redis:6379", {**WELL, "redis_version": "7.2.4", "valkey_version": "9.1.0"})
    assert "Valkey 9.1.0" in [finding.what for finding in found]


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_server_that_evicts_stops_the_worker(policy: str) -> None:
    said = f"Redis has maxmemory-policy {policy}: it would drop counters when memory is short"
    assert [(finding.stops, finding.what) for finding in wrong(maxmemory_policy=policy)] == [(True, said)]


def test_a_server_that_hides_its_policy_is_taken_to_keep_all() -> None:
    assert judge_eviction("redis:6379", {}) == []


@pytest.mark.parametrize(
    ("used", "severity"), [(0.79, []), (0.80, [Severity.WARNING]), (0.94, [Severity.WARNING]), (0.95, [Severity.ERROR])]
)
def test_memory_is_judged_against_maxmemory(used: float, severity: list[Severity]) -> None:
    assert [finding.severity for finding in wrong(used_memory=int(used * 4 * GIB) + 1)] == severity


def test_without_maxmemory_memory_is_judged_against_the_machine() -> None:
    [finding] = wrong(maxmemory=0, used_memory=15 * GIB)
    assert finding.what == "15 GiB used, 94% of its machine's memory (16 GiB)"


def test_a_server_without_its_append_only_file_is_a_warning() -> None:
    [finding] = wrong(aof_enabled=0)
    assert (finding.severity, finding.what.startswith("the append-only file is off")) == (Severity.WARNING, True)


@pytest.mark.parametrize("field", ["aof_last_write_status", "rdb_last_bgsave_status"])
def test_a_write_to_disk_that_failed_is_an_error(field: str) -> None:
    assert [finding.severity for finding in wrong(**{field: "err"})] == [Severity.ERROR]


def test_a_replica_that_was_named_alone_is_an_error() -> None:
    [finding] = wrong(role="slave", master_host="10.0.0.1", master_port=6379)
    assert finding.what == "this Redis is a replica of 10.0.0.1:6379 and takes no writes"


def test_a_replica_of_a_cluster_is_well() -> None:
    assert wrong(role="slave", cluster_enabled=1, master_link_status="up") == []


def test_a_replica_of_a_cluster_that_has_lost_its_primary_is_a_warning() -> None:
    found = wrong(role="slave", cluster_enabled=1, master_link_status="down")
    assert [finding.severity for finding in found] == [Severity.WARNING]


def test_a_node_of_a_cluster_that_was_named_alone_stops_the_worker() -> None:
    assert [finding.stops for finding in judge_half_a_cluster("redis:6379", {"cluster_enabled": 1})] == [True]
