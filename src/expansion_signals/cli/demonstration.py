"""What happens in a demo: a product runs, triggers are shown as they come, and at the end the books must balance."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from expansion_signals.cli.sightings import TRIGGER_TOPICS, Sighting, sighted
from expansion_signals.configuration_files import read_directory
from expansion_signals.local.feed import Feed
from expansion_signals.local.metrics import NOTHING, Tallies, tallies
from expansion_signals.local.product import traffic
from expansion_signals.local.stack import FETCH_WAIT_SECONDS, SAMPLE, LocalStack, Ports, local_stack
from expansion_signals.log.follower import LogFollower
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from expansion_signals.cli.screens import Screen
    from expansion_signals.model.instants import Duration, Instant

FAMILIES = ("limit", "gate", "seat", "milestone", "trend")
"""The families of triggers that a demo must show; `pql` joins once leads are qualified."""

INTERRUPTED = 130
_SILENT_FAMILY = 1
_SEED = 7
_CATCH_UP_SECONDS = 10.0
_GLANCE_SECONDS = 0.5
_POLL_SECONDS = 0.1


@dataclass
class Outcome:
    """What a demo came to. Latencies are from a record's sending to its trigger's arrival."""

    sent: int = 0
    tallies: Tallies = NOTHING
    types: Counter[str] = field(default_factory=Counter)
    families: set[str] = field(default_factory=set)
    latencies: list[Duration] = field(default_factory=list)

    @property
    def silent(self) -> list[str]:
        """The families that should have fired, and never did."""
        return [family for family in FAMILIES if family not in self.families]


async def demonstrate(seconds: float, screen: Screen) -> int:
    """Run the demo and return its exit code: 1 if a family never fired, 130 if it was interrupted.

    Raises:
        RejectedSettings: the extra `[local]` is not installed.
        StateUnavailable: Redis or the worker did not start, or ended.
    """
    outcome = Outcome()
    with TemporaryDirectory(prefix="expansion-signals-") as directory:
        async with local_stack(Path(directory), SAMPLE, Ports(), screen.tell) as stack:
            with screen:
                interrupted = await _Demonstration(stack, screen, outcome).run(seconds)
    screen.conclude(outcome)
    if interrupted:
        return INTERRUPTED
    return _SILENT_FAMILY if outcome.silent else 0


class _Demonstration:
    def __init__(self, stack: LocalStack, screen: Screen, outcome: Outcome) -> None:
        self._stack = stack
        self._screen = screen
        self._outcome = outcome
        self._publisher = LogPublisher(stack.kafka)
        self._feed = Feed(self._publisher, _now)
        self._next_glance = 0.0

    async def run(self, seconds: float) -> bool:
        """Show the product for so long; say whether that was interrupted."""
        catalog = load(read_directory(SAMPLE)).catalog
        self._screen.tell("starting the simulated product")
        interrupted = False
        async with LogFollower(
            self._stack.kafka, TRIGGER_TOPICS, from_beginning=True, fetch_wait_seconds=FETCH_WAIT_SECONDS
        ) as follower:
            product = asyncio.create_task(self._feed.run(traffic(catalog, seed=_SEED, started=_now())))
            try:
                await self._watch(follower, product, seconds)
            except asyncio.CancelledError:  # Ctrl-C: end as if the time were over, but do not wait for the worker
                interrupted = True
            self._feed.stop()
            await product
            if not interrupted:
                await self._catch_up(follower)
        await self._publisher.stop()
        return interrupted

    async def _watch(self, follower: LogFollower, product: asyncio.Task[None], seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not product.done():
            await self._look(follower, min(left, _POLL_SECONDS))

    async def _catch_up(self, follower: LogFollower) -> None:
        """Wait until the worker has read all that was sent, and what it made of it has arrived."""
        deadline = time.monotonic() + _CATCH_UP_SECONDS
        while self._outcome.tallies.received < self._feed.sent and time.monotonic() < deadline:
            self._next_glance = 0.0
            await self._look(follower, _POLL_SECONDS)
        quiet = False
        while not quiet and time.monotonic() < deadline:
            quiet = not await self._look(follower, _GLANCE_SECONDS)

    async def _look(self, follower: LogFollower, seconds: float) -> int:
        self._stack.refuse_dead_worker()
        records = await follower.poll(seconds)
        for record in records:
            self._show(sighted(record))
        if time.monotonic() >= self._next_glance:
            self._next_glance = time.monotonic() + _GLANCE_SECONDS
            self._outcome.sent = self._feed.sent
            self._outcome.tallies = await tallies(self._stack.http) or self._outcome.tallies
            self._screen.count(self._outcome)
        return len(records)

    def _show(self, sighting: Sighting) -> None:
        now = _now()
        latency = now - self._feed.sent_at.get(sighting.causation or "", sighting.time)
        self._outcome.types[sighting.type] += 1
        self._outcome.families.add(sighting.family)
        self._outcome.latencies.append(latency)
        self._screen.show(sighting, now, latency)


def _now() -> Instant:
    return time.time_ns() // 1000
