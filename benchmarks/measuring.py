"""One run of one contender: what it computed for an event, how fast it was, and whether it was right."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import workload
from benchmarks.judging import Judgement, judged
from benchmarks.offsets import Broker
from benchmarks.processes import cpu_seconds, machine_seconds, peak_bytes, resident_bytes
from benchmarks.servers_of_a_run import own_redis
from benchmarks.stage import USUAL, Beginning, Setting, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.contestants import Contender
    from benchmarks.program import Running
    from benchmarks.servers_of_a_run import Kafka
    from benchmarks.workload import Workload

WARM = 0.1
PAUSE_SECONDS = 0.1
LONGEST_SECONDS, SLOWEST_A_SECOND = 180, 4_000
LOG_SHOWN = 3_000


class Moment(NamedTuple):
    """What was used when so many events were committed."""

    at: float
    committed: int
    worker: float
    redis: float
    broker: float
    machine: float


@dataclass(frozen=True)
class Run:
    """The figures of one run; µs of an event. `peak_mb` is the most that one process of the contender ever had."""

    name: str
    events: int
    worker_us: float
    redis_us: float
    broker_us: float
    events_per_second: float
    rss_mb: float
    peak_mb: float
    seconds: float
    machine_busy: float
    judgement: Judgement


def run(kafka: Kafka, contender: Contender) -> Run:
    """Let a contender work off its backlog."""
    return worked_off(kafka, contender, _backlog(contender.events, plain_ids=contender.plain_ids))


@cache  # the same in each round; made anew, it would take as long as a quarter of a run
def _backlog(events: int, *, plain_ids: bool) -> Workload:
    return workload.backlog(events, plain_ids=plain_ids)


def worked_off(kafka: Kafka, contender: Contender, load: Workload, setting: Setting = USUAL) -> Run:
    """Let a contender work off this backlog."""
    with staged(kafka, load, contender.beginning, setting) as stage:
        contender.prepare(stage)
        stage.fill()
        running = contender.start(stage)
        try:
            moments = _followed(contender, stage, running)
            memory = resident_bytes(running.pid), peak_bytes(running.pid)
            running.stop()
        finally:
            running.kill()
        return _run(contender, stage, moments, memory)


@contextmanager
def staged(
    kafka: Kafka, load: Workload, beginning: Beginning | None = None, setting: Setting = USUAL
) -> Iterator[Stage]:
    """Make a stage with a Redis of its own; its topics and files go with the block."""
    prefix = beginning.prefix if beginning else f"bench-{uuid.uuid4().hex[:8]}-"
    directory = kafka.directory / f"stage-{uuid.uuid4().hex[:8]}"
    directory.mkdir()
    broker = Broker(kafka.bootstrap)
    with own_redis(directory, beginning.saved if beginning else None) as redis:
        try:
            yield Stage(kafka, redis, broker, prefix, directory, load, setting)
        finally:
            broker.delete(prefix)


def moment(stage: Stage, pid: int, committed: int) -> Moment:
    """Look at what everything has used."""
    used = cpu_seconds(pid), stage.redis.cpu_seconds(), cpu_seconds(stage.kafka.pid), machine_seconds()
    return Moment(time.perf_counter(), committed, *used)


def busy_part(first: Moment, last: Moment) -> float:
    """Return how busy all cores were between two moments, 0 to 1: with the contender, the servers, and all others."""
    return (last.machine - first.machine) / (last.at - first.at) / (os.cpu_count() or 1)


def _followed(contender: Contender, stage: Stage, running: Running) -> list[Moment]:
    """Return a moment for each commit from the one on with which the contender is warm."""
    deadline = time.monotonic() + max(LONGEST_SECONDS, stage.events / SLOWEST_A_SECOND)
    moments: list[Moment] = []
    while True:
        committed = contender.committed(stage)
        if not running.alive() or time.monotonic() > deadline:
            why = f"took too long: {committed} of {stage.events} committed" if running.alive() else "ended by itself"
            raise RuntimeError(f"{contender.name} {why}; its log ended with:\n{running.log()[-LOG_SHOWN:]}")
        is_end = committed == stage.events
        is_further = committed >= WARM * stage.events and (not moments or committed > moments[-1].committed)
        if is_further and (not is_end or contender.through(stage)):
            moments.append(moment(stage, running.pid, committed))
            if is_end:
                return moments
        time.sleep(PAUSE_SECONDS)


def _run(contender: Contender, stage: Stage, moments: list[Moment], memory: tuple[int, int]) -> Run:
    first, last = moments[0], moments[-1]
    events = last.committed - first.committed
    if not events:
        raise RuntimeError(f"{contender.name} committed all {stage.events} at once: too few to be measured")
    # A contender waits between its last event and the commit of it: speed is seen at the commit before, if it is late.
    busy = next((each for each in moments[-2:] if each.committed - first.committed >= events / 2), last)
    return Run(
        name=contender.name,
        events=stage.events,
        worker_us=(last.worker - first.worker) / events * 1e6,
        redis_us=(last.redis - first.redis) / events * 1e6,
        broker_us=(last.broker - first.broker) / events * 1e6,
        events_per_second=(busy.committed - first.committed) / (busy.at - first.at),
        rss_mb=memory[0] / 2**20,
        peak_mb=memory[1] / 2**20,
        seconds=last.at - first.at,
        machine_busy=busy_part(first, last),
        judgement=judged(
            set(stage.workload.due),
            contender.triggers(stage),
            broken=stage.workload.broken,
            refused=stage.broker.end(stage.prefix + contender.dead_letters),
        ),
    )
