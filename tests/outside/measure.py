"""Latency and throughput as a stranger sees them: `python tests/outside/measure.py KAFKA REDIS_URL`.

Figures, not claims: nothing is asserted. Latency is from the moment an event is handed to the producer until its
trigger is in a consumer's hands, at low load. Throughput is a backlog worked off by one worker.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from typing import TYPE_CHECKING

from outside import load
from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event
from servers.waiting import until

if TYPE_CHECKING:
    from outside.worker import Worker

LATENCY_ACCOUNTS, ACCOUNTS_PER_SECOND = 300, 10
BACKLOG_ACCOUNTS, BACKLOG_ROUNDS = 2_000, 97
BACKLOG_SECONDS = 600


def latencies(deployment: Deployment) -> list[float]:
    """Return the seconds from event to trigger of each account, ten accounts a second."""
    worker = deployment.worker().start().until_ready()
    accounts = [load.name(number) for number in range(LATENCY_ACCOUNTS)]
    deployment.product.profiles(*load.profiles(LATENCY_ACCOUNTS))
    until(lambda: sum(worker.tallies("account-updates").values()) >= len(accounts), seconds=30, waiting_for="profiles")
    sent: dict[str, float] = {}
    came: dict[str, float] = {}
    triggers = deployment.topic(TRIGGERS)

    def receive() -> None:
        seen = 0
        while len(came) < len(accounts):
            for record in triggers.read()[seen:]:
                seen += 1
                came.setdefault((record.key or b"").decode(), time.perf_counter())

    receiving = threading.Thread(target=receive, daemon=True)
    receiving.start()
    began = time.perf_counter()
    for number, account in enumerate(accounts):
        due = began + number / ACCOUNTS_PER_SECOND
        until(
            lambda due=due: time.perf_counter() >= due, seconds=1, waiting_for="the account's turn", pause_seconds=0.001
        )
        sent[account] = time.perf_counter()
        deployment.product.send(usage_event(account, 850))
    receiving.join(30)
    worker.kill()
    return [came[account] - sent[account] for account in came]


def throughput(deployment: Deployment) -> tuple[int, float, float]:
    """Return events, the wall seconds and the worker's CPU seconds between the first event counted and the last."""
    deployment.product.profiles(*load.profiles(BACKLOG_ACCOUNTS))
    deployment.product.send(*load.usage(BACKLOG_ACCOUNTS, BACKLOG_ROUNDS))
    events = len(deployment.product.sent)
    worker = deployment.worker().start()
    first = counted_from(worker, 1)
    began, cpu = time.perf_counter(), cpu_seconds(worker.pid)
    counted_from(worker, events)
    took, used = time.perf_counter() - began, cpu_seconds(worker.pid) - cpu
    worker.kill()
    return events - first, took, used


def counted_from(worker: Worker, events: int) -> int:
    """Wait until so many events are accounted for; asks seldom, because answering costs the worker time."""

    def enough() -> int | None:
        found = sum(worker.tallies().values())
        return found if found >= events else None

    found = until(enough, seconds=BACKLOG_SECONDS, waiting_for=f"{events} events counted", pause_seconds=0.5)
    assert found is not None
    return found


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    kafka, redis = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        with Deployment(kafka, redis, Path(directory)) as deployment:
            found = sorted(latencies(deployment))
            p50, p99 = statistics.median(found), found[int(len(found) * 0.99)]
            print(f"latency at 10 events/s: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, {len(found)} triggers")  # noqa: T201 -- what it is for
        with Deployment(kafka, redis, Path(directory)) as deployment:
            events, took, used = throughput(deployment)
            print(f"backlog: {events / took:,.0f} events/s, {used / events * 1e6:.1f} µs CPU an event, {events} events")  # noqa: T201 -- the same


if __name__ == "__main__":
    main()
