"""The shortest campaign of `make faults`: what it finds is what the long form finds, only more rarely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nemesis.campaign import campaign
from nemesis.ground import ground

if TYPE_CHECKING:
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka

PLAN = {
    "worker_killed": 5,
    "worker_paused": 2,
    "writes_lost": 2,
    "replica_promoted": 1,
    "service_killed": 1,
    "connections_cut": 1,
    "connections_half_open": 1,
}
SECONDS, RATE, SEED = 45, 400, 8


def test_nothing_is_lost_or_doubled_and_every_counter_is_exact(kafka: GivenKafka | Kafka, tmp_path: Path) -> None:
    with ground(tmp_path, kafka.bootstrap, workers=2) as laid_out:
        report = campaign(laid_out, PLAN, seconds=SECONDS, seed=SEED, rate=RATE)
    assert report.verdict.is_clean, report.figures()
