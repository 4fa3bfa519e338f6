"""What happens in a demo: a product runs, triggers are shown as they come, and at the end the books must balance."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.progress import Progress

from expansion_signals.cli.day_total_file import read_day_totals
from expansion_signals.cli.importing import Deployment, import_day_totals
from expansion_signals.cli.sightings import TRIGGER_TOPICS, Sighting, sighted
from expansion_signals.configuration_files import read_directory
from expansion_signals.local.feed import Feed
from expansion_signals.local.history import lines_of
from expansion_signals.local.metrics import NOTHING, Tallies, tallies
from expansion_signals.local.product import Product
from expansion_signals.local.stack import FETCH_WAIT_SECONDS, SAMPLE, LocalStack, Ports, local_stack
from expansion_signals.log.follower import LogFollower
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.model.instants import day_of
from expansion_signals.rules.loading import load
from expansion_signals.sdk.envelope import ACCOUNT_UPDATES, USAGE_EVENTS

if TYPE_CHECKING:
    from expansion_signals.cli.screens import Screen
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.instants import Duration, Instant

FAMILIES = ("limit", "gate", "seat", "pql")
"""The families of triggers that a demo must show."""

INTERRUPTED = 130
_SILENT_FAMILY = 1
_SEED = 7
_CATCH_UP_SECONDS = 30.0
_GLANCE_SECONDS = 0.5
_POLL_SECONDS = 0.1


@dataclass
class Outcome:
    """What a demo came to. Latencies are from a record's sending to the arrival of the trigger that it caused."""

    sent: int = 0
    tallies: Tallies = NOTHING
    types: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0
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
        StackUnavailable: the broker, Redis or the worker did not start, or ended.
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
        self._imported = 0
        self._next_glance = 0.0

    async def run(self, seconds: float) -> bool:
        """Show the product for so long; say whether that was interrupted."""
        interrupted = False
        playing: asyncio.Task[None] | None = None
        async with LogFollower(
            self._stack.kafka, TRIGGER_TOPICS, from_beginning=True, fetch_wait_seconds=FETCH_WAIT_SECONDS
        ) as follower:
            try:
                product = await self._adopted(follower)
                self._screen.tell("starting the simulated product")
                playing = asyncio.create_task(self._feed.run(product.sendings(_now())))
                await self._watch(follower, playing, seconds)
            except asyncio.CancelledError:  # Ctrl-C: end as if the time were over, but do not wait for the worker
                interrupted = True
            self._feed.stop()
            if playing is not None:
                await playing
            if not interrupted:
                await self._catch_up(follower)
        await self._publisher.stop()
        return interrupted

    async def _adopted(self, follower: LogFollower) -> Product:
        """Return a product that has told of its accounts, and imported what they used on the days before.

        Imported once the worker knows the accounts: then what is passed is past already. Played once the import is
        read, so that no live event waits behind it.
        """
        catalog = load(read_directory(SAMPLE)).catalog
        product = Product(catalog, seed=_SEED, now=_now())
        profiles = product.profiles()
        await self._feed.send(profiles, _now())
        await self._until_read(follower, ACCOUNT_UPDATES, len(profiles))
        self._screen.tell(f"importing {len(product.days_before):,} day totals of the days before")
        importing = asyncio.create_task(self._import(product, catalog))
        try:
            while not importing.done():
                await self._look(follower, _POLL_SECONDS)
            self._imported = importing.result()
        finally:
            importing.cancel()
        await self._until_read(follower, USAGE_EVENTS, self._imported)
        return product

    async def _import(self, product: Product, catalog: Catalog) -> int:
        """Do what `expansion-signals import` does, and return how many day totals were sent."""
        file, lines = "the days before", lines_of(product.days_before)
        totals = await asyncio.to_thread(read_day_totals, file, lines, catalog, day_of(_now()))
        deployment = Deployment(self._stack.kafka, self._stack.redis)
        return len((await import_day_totals(deployment, file, totals, Progress(disable=True))).sent)

    async def _until_read(self, follower: LogFollower, topic: str, records: int) -> None:
        """Wait until the worker has read so many records of a topic, or takes too long for a demo."""
        deadline = time.monotonic() + _CATCH_UP_SECONDS
        while (await tallies(self._stack.http, topic) or NOTHING).received < records and time.monotonic() < deadline:
            await self._look(follower, _POLL_SECONDS)

    async def _watch(self, follower: LogFollower, playing: asyncio.Task[None], seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not playing.done():
            await self._look(follower, min(left, _POLL_SECONDS))

    async def _catch_up(self, follower: LogFollower) -> None:
        """Wait until the worker has read all that was sent, and what it made of it has arrived."""
        deadline = time.monotonic() + _CATCH_UP_SECONDS
        while self._outcome.tallies.received < self._sent and time.monotonic() < deadline:
            self._next_glance = 0.0
            await self._look(follower, _POLL_SECONDS)
        quiet = False
        while not quiet and time.monotonic() < deadline:
            quiet = not await self._look(follower, _GLANCE_SECONDS)

    @property
    def _sent(self) -> int:
        """How many usage events are on the log."""
        return self._imported + self._feed.sent

    async def _look(self, follower: LogFollower, seconds: float) -> int:
        self._stack.refuse_dead_worker()
        records = await follower.poll(seconds)
        for record in records:
            self._take(sighted(record))
        if time.monotonic() >= self._next_glance:
            self._next_glance = time.monotonic() + _GLANCE_SECONDS
            self._outcome.sent = self._sent
            self._outcome.tallies = await tallies(self._stack.http) or self._outcome.tallies
            self._screen.count(self._outcome)
        return len(records)

    def _take(self, sighting: Sighting) -> None:
        if sighting.is_withdrawal:
            self._outcome.withdrawn += 1
        else:
            self._show(sighting)

    def _show(self, sighting: Sighting) -> None:
        now = _now()
        # What a closed day leads to was caused by no record of the feed.
        sent = self._feed.sent_at.get(sighting.causation or "")
        latency = None if sent is None else now - sent
        self._outcome.types[sighting.type] += 1
        self._outcome.families.add(sighting.family)
        if latency is not None:
            self._outcome.latencies.append(latency)
        self._screen.show(sighting, now, latency)


def _now() -> Instant:
    return time.time_ns() // 1000
