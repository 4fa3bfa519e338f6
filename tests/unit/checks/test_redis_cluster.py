from __future__ import annotations

from expansion_signals.checks.findings import Severity
from expansion_signals.checks.redis_cluster import judge_cluster

WHOLE = {"cluster_state": "ok", "cluster_slots_ok": "16384"}


def severities(said: dict[str, str], primaries: int = 3, shards: int = 64) -> list[Severity]:
    return [finding.severity for finding in judge_cluster(said, primaries, shards)]


def test_a_cluster_that_serves_every_slot_is_well() -> None:
    assert severities(WHOLE) == [Severity.OK]


def test_a_cluster_that_does_not_serve_some_slots_is_an_error() -> None:
    assert severities({**WHOLE, "cluster_slots_ok": "10922"}) == [Severity.ERROR]


def test_a_cluster_that_says_it_is_down_is_an_error() -> None:
    assert severities({**WHOLE, "cluster_state": "fail"}) == [Severity.ERROR]


def test_more_primaries_than_shards_are_a_warning() -> None:
    assert severities(WHOLE, primaries=6, shards=4) == [Severity.OK, Severity.WARNING]
