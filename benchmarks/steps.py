"""`make bench-steps`: what each step of metering computes, so that a regression has an address.

Without Kafka, on a Redis of its own, with the load and the configuration of `make bench`. A poll is absorbed whole;
within it the store says what requests, exchange and the script took. The same poll then goes through decoding and
asking once more, step by step. Figures are µs of CPU of an event, unless they say of what.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks import workload
from benchmarks.prefill import SHARDS
from benchmarks.servers_of_a_run import own_redis
from benchmarks.wired import USAGE, Wired, now
from expansion_signals.detect.metering import contributions
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import DAY, SECOND
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.decoding import Decoding
from expansion_signals.pipeline.identity import identity_of_event
from expansion_signals.pipeline.judging import judge_facts
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.state.connection import connect
from expansion_signals.state.keys import shard_of
from expansion_signals.worker.garbage import look_rarely

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.servers_of_a_run import Redis as OwnRedis
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.records import Poll

SIZES = (4_000, 12_000)
WARM = 2
STEPS = {
    "decode": "bytes to an event",
    "contribute": "what it adds to which meter, its identity",
    "group": "decode and contribute, and into shards",
    "ask": "what is asked of each account",
    "request": "keys and arguments of the script",
    "exchange": "sending, reading answers",
    "script": "Redis: the script",
    "poll": "all of absorb, in this process",
    "poll, Redis": "all of absorb, in Redis",
    "judge": "of a crossing: facts to signals",
    "publish": "of a signal: to bytes",
}
Times = dict[str, float]


class Steps:
    """Takes a poll apart. Lanes and profiles are kept over polls, as the worker keeps them."""

    def __init__(self, wired: Wired, own: OwnRedis, decoding: Decoding, profiles: Mapping[str, Profile | None]) -> None:
        self._wired = wired
        self._own = own
        self._decoding = decoding
        self._profiles = profiles
        self._lanes = Lanes(wired.epochs.configuration, DAY)

    async def of(self, poll: Poll) -> Times:
        """Absorb a poll, then go through its steps; return µs."""
        absorbed = await self._absorbed(poll)
        apart = self._apart(poll)
        count = len(poll.records)
        return {step: seconds / count * 1e6 for step, seconds in (absorbed | apart).items()} | self._judged()

    async def _absorbed(self, poll: Poll) -> Times:
        store = self._wired.store
        store.forget()
        computed, began = self._own.cpu_seconds(), time.process_time()
        await self._wired.absorb(poll)
        seconds = time.process_time() - began - store.watching
        return {
            "request": store.request,
            "exchange": store.exchange,
            "script": store.script,
            "poll": seconds,
            "poll, Redis": self._own.cpu_seconds() - computed,
        }

    def _apart(self, poll: Poll) -> Times:
        read, configuration = self._wired.codec.usage_event, self._wired.epochs.configuration
        began = time.process_time()
        events = []
        for record in poll.records:
            with suppress(RejectedRecord):
                events.append(read(record))
        decoded = time.process_time()
        for event in events:
            with suppress(RejectedRecord):
                contributions(event, configuration)
                identity_of_event(event, self._wired.now)
        contributed = time.process_time()
        works, _ = self._decoding.grouped(poll)
        grouped = time.process_time()
        parts = [work.part()[0] for queue in works for work in queue]
        begin_asking = time.process_time()
        for part in parts:
            usage_asked(part, self._profiles, self._lanes)
        return {
            "decode": decoded - began,
            "contribute": contributed - decoded,
            "group": grouped - contributed,
            "ask": time.process_time() - begin_asking,
        }

    def _judged(self) -> Times:
        """Return what is computed for a crossing and a signal of the last poll; nothing where it had none."""
        facts = list(self._wired.store.facts.values())
        configurations = {self._wired.epochs.current: self._wired.epochs.configuration}
        began = time.process_time()
        signals = [signal for each in facts for signal in judge_facts(each, configurations).signals]
        judged = time.process_time()
        for signal in signals:
            self._wired.codec.signal(signal, self._wired.now)
        published = time.process_time()
        crossings = sum(len(each.facts) for each in facts)
        found = {"judge": (judged - began, crossings), "publish": (published - judged, len(signals))}
        return {step: seconds / count * 1e6 for step, (seconds, count) in found.items() if count}


async def measured(own: OwnRedis, polls: int) -> dict[str, Any]:
    """Return least and median of each step, by the size of a poll."""
    at = now()
    load = workload.backlog((polls + WARM) * sum(SIZES), now=datetime.fromtimestamp(at / SECOND, UTC))
    async with connect(own.url) as client:
        wired = await Wired.made(own, client, at)
        # Before anything is absorbed: what is grouped under these watermarks is never passed over.
        decoding = Decoding(wired.codec, wired.epochs, await wired.unmoved(), lambda account: shard_of(account, SHARDS))
        await wired.fill(load.limits)
        steps = Steps(wired, own, decoding, await wired.store.profiles(list(load.limits)))
        look_rarely()
        records = zip(load.keys, load.values, strict=True)
        found: dict[str, Any] = {}
        for size in SIZES:
            taken = [await steps.of(wired.poll(USAGE, islice(records, size))) for _ in range(polls + WARM)]
            found[str(size)] = _summed_up(taken[WARM:])
    return {"polls": polls, "us": found}


def _summed_up(taken: Sequence[Times]) -> dict[str, dict[str, float]]:
    values: dict[str, list[float]] = defaultdict(list)
    for each in taken:
        for step, micros in each.items():
            values[step].append(micros)
    return {
        step: {"least": round(min(values[step]), 3), "median": round(median(values[step]), 3)}
        for step in STEPS
        if step in values
    }


def table(found: Mapping[str, Any]) -> Table:
    """Return a row for each step."""
    shown = Table(title=f"µs of CPU of an event: least and median of {found['polls']} polls", title_justify="left")
    shown.add_column("step")
    for size in SIZES:
        shown.add_column(f"of {size:,}: least", justify="right")
        shown.add_column("median", justify="right")
    shown.add_column("what it is")
    for step, what in STEPS.items():
        of_step = [found["us"][str(size)].get(step) for size in SIZES]
        figures = [f"{each[figure]:.2f}" if each else "" for each in of_step for figure in ("least", "median")]
        shown.add_row(step, *figures, what)
    return shown


def main() -> None:
    """Measure, show, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--out", type=Path, help="where the figures go, as JSON")
    parser.add_argument("--polls", type=int, default=9, help="of each size; two more are not looked at")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="expansion-signals-bench-") as name, own_redis(Path(name)) as own:
        found = asyncio.run(measured(own, asked.polls))
    Console(width=None if sys.stdout.isatty() else 140).print(table(found))
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
