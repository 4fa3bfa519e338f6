"""Reading dead letters: all that are asked for, or those of one record."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import typer

from expansion_signals.cli.dead_letter import Letter, Place, Wanted, letter_of
from expansion_signals.cli.reading_past import reading
from expansion_signals.errors import RejectedState
from expansion_signals.log.second_reader import SecondReader
from expansion_signals.model.records import Partition
from expansion_signals.wire.dead_letters import TOPIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.settings import Settings

_PARTS = 3
_POLL_SECONDS = 0.5
_POLLS = 20


def place_of(text: str, prefix: str) -> Place:
    """Return the place that somebody named, `TOPIC/PARTITION/OFFSET`; the deployment's prefix may be left out.

    Raises:
        BadParameter: it is no place.
    """
    parts = text.rsplit("/", _PARTS - 1)
    if len(parts) != _PARTS or not parts[0] or not all(each.isdecimal() and each.isascii() for each in parts[1:]):
        raise typer.BadParameter(f"expected a place such as usage-events/3/41, got {text[:80]!r}", param_hint="PLACE")
    topic, partition, offset = parts
    return Place(prefix + topic.removeprefix(prefix), int(partition), int(offset))


@asynccontextmanager
async def letters(settings: Settings, wanted: Wanted, since: Instant) -> AsyncIterator[AsyncIterator[Sequence[Letter]]]:
    """Read the letters that are asked for, in the order of each partition of their topic, some at a time.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the topic is missing, or the broker refuses us.
    """
    async with reading(settings, (TOPIC,), since) as batches:

        async def some() -> AsyncIterator[Sequence[Letter]]:
            async for records in batches:
                yield [letter for letter in map(letter_of, records) if wanted.takes(letter)]

        yield some()


async def letters_at(settings: Settings, place: Place) -> Sequence[Letter]:
    """Return the letter at a place of their topic, or every letter of the record at another.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: there is none, or the topic is missing.
    """
    if place.topic == settings.prefix + TOPIC:
        return [await _letter_at(settings, place)]
    found: list[Letter] = []
    wanted = Wanted(topic=place.topic, partition=place.partition)
    async with letters(settings, wanted, 0) as batches:
        async for some in batches:
            found += [letter for letter in some if letter.origin == place]
    if not found:
        raise RejectedState(
            f"no dead letter of {place} is on {settings.prefix}{TOPIC}: it never became one, or retention took it. "
            "What there is: expansion-signals dlq list"
        )
    return found


async def _letter_at(settings: Settings, place: Place) -> Letter:
    reader = SecondReader(
        settings.kafka,
        (TOPIC,),
        _now,
        prefix=settings.prefix,
        fetch_wait_seconds=settings.fetch_wait_seconds,
        security=settings.security,
    )
    partition = Partition(TOPIC, place.partition)
    try:
        extent = await reader.extent()
        if partition in extent.start and extent.start[partition] <= place.offset < extent.end[partition]:
            await reader.begin(extent, {partition: place.offset})
            for _ in range(_POLLS):
                for record in (await reader.poll(_POLL_SECONDS)).records:
                    if record.offset == place.offset:
                        return letter_of(record)
                    break
    finally:
        await reader.stop()
    raise RejectedState(f"nothing is at {place}; what there is: expansion-signals dlq list")


def _now() -> Instant:
    return time.time_ns() // 1_000
