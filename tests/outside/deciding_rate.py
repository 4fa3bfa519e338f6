"""How fast a worker decides, on a real Kafka and Redis: `python tests/outside/deciding_rate.py KAFKA REDIS_URL RATES`.

Figures, not claims: nothing is asserted. Every signal fires: each account wants a feature some times over. A backlog
of 40,000 says how many a worker decides in a second. Then signals come at each of the RATES for 20 s, and what is told
is the time from handing one to the producer until its trigger is in a consumer's hands: with
`127.0.0.1:9092 redis://127.0.0.1:6379 100 400`, some two minutes. The topics and keys have a prefix of their own; what
a signal computes without Kafka, by how much is remembered, is told by `deciding_cost.py`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from confluent_kafka import Producer

from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import parse_instant
from expansion_signals.wire.codec import CloudEventsCodec
from outside.deployment import DECISIONS, SIGNALS, Deployment
from outside.measure import cpu_seconds
from outside.product import written
from sample_ground import CATALOG, RULES, UNRESTRAINED
from sample_signals import gated
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNTS, TIMES = 4_000, 10
TRIGGERS = "expansion-feature-gated"
RATED_SECONDS = 20
PACE_SECONDS = 0.002
CODEC = CloudEventsCodec()


def signals(count: int, first: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield account, id and record of each signal: all accounts in turn, again and again."""
    now = parse_instant(written(datetime.now(UTC)))
    for number in range(first, first + count):
        asked = gated(str(number), account=f"acct-{number % ACCOUNTS}", time=now)
        signal = identity_of(asked.id)
        yield asked.account, signal, CODEC.signal(replace(asked, id=signal, keys=(signal,)), now).value or b""


def decided_in_a_second(deployment: Deployment, producer: Producer) -> tuple[float, float]:
    """Return signals a second of a worker on a backlog, behind its first tenth, and µs of its CPU for one."""
    count = ACCOUNTS * TIMES
    for account, _, record in signals(count, 0):
        producer.produce(deployment.prefix + SIGNALS, record, key=account)
    producer.flush()
    decisions = deployment.topic(DECISIONS)
    worker = deployment.worker().start()

    def decided(enough: int) -> int:
        until(lambda: len(decisions.read()) >= enough, seconds=300, waiting_for="decisions", pause_seconds=0.01)
        return len(decisions.found)

    first, began, cpu = decided(count // 10), time.perf_counter(), cpu_seconds(worker.pid)
    last, took, used = decided(count), time.perf_counter() - began, cpu_seconds(worker.pid) - cpu
    return (last - first) / took, used / (last - first) * 1e6


def latencies(deployment: Deployment, producer: Producer, rate: int) -> list[float]:
    """Return the seconds from signal to trigger, ascending, while so many signals come a second."""
    triggers = deployment.topic(TRIGGERS)
    before = len(triggers.to_end())
    waiting = list(signals(rate * RATED_SECONDS, ACCOUNTS * TIMES))
    received: list[float] = []

    def receive() -> None:
        while len(received) < len(waiting):
            came = len(triggers.read()) - before - len(received)
            # After the read, which waits for what comes: a time taken before it would be too early.
            received.extend([time.perf_counter()] * came)

    receiving = threading.Thread(target=receive, daemon=True)
    receiving.start()
    sent: dict[str, float] = {}
    began = time.perf_counter()
    while len(sent) < len(waiting):
        due = int((time.perf_counter() - began) * rate) + 1
        for account, signal, record in waiting[len(sent) : due]:
            sent[signal] = time.perf_counter()
            producer.produce(deployment.prefix + SIGNALS, record, key=account)
        producer.poll(PACE_SECONDS)
    producer.flush()
    receiving.join(30)
    came = zip(triggers.found[before:], received, strict=False)
    return sorted(at - sent[record.event["id"]] for record, at in came)


def main() -> None:
    """Measure both and print a line for each."""
    kafka, redis, *rates = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "catalog.yaml").write_text(CATALOG)
        (directory / "rules.yaml").write_text(RULES + UNRESTRAINED)
        producer = Producer({"bootstrap.servers": kafka, "linger.ms": 0, "queue.buffering.max.messages": 1_000_000})
        with Deployment(kafka, redis, directory, {"CONFIG": name}) as deployment:
            rate, cpu = decided_in_a_second(deployment, producer)
            print(f"backlog: {rate:,.0f} signals/s, {cpu:.0f} µs CPU a signal")  # noqa: T201 -- what it is for
            for offered in map(int, rates):
                found = latencies(deployment, producer, offered)
                p50, p99 = statistics.median(found), found[int(len(found) * 0.99)]
                print(f"{offered:,} signals/s: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, {len(found)} triggers")  # noqa: T201 -- the same


if __name__ == "__main__":
    main()
