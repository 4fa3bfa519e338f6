"""Replaying dead letters through the front door: the untouched record, once more, to the topic it came from.

A letter is noted as replayed behind the acknowledgement. So a crash between the two replays up to 500 letters twice,
and never loses one; what counted the first time is a duplicate then, for an event is never taken when its identity is
forgotten already (semantics 1.3, 1.4). See decision 0032.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.cli.letter_reading import letters
from expansion_signals.cli.reading_past import reading
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.log.second_reader import SecondReader
from expansion_signals.model.records import Outgoing, Partition
from expansion_signals.state.connection import connect
from expansion_signals.state.replayed import RedisReplayed, digest
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.standing_deployment import standing_deployment
from expansion_signals.worker.parts import READ_BY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from expansion_signals.cli.dead_letter import Letter, Place, Wanted
    from expansion_signals.model.instants import Instant
    from expansion_signals.settings import Settings

UPDATES = "account-updates"
READ = tuple(topic for topics in READ_BY.values() for topic in topics)
"""Where dead letters come from, without the deployment's prefix."""

_AT_ONCE = 500


class How(NamedTuple):
    """How to replay: `again` also what was replayed before, `dry_run` nothing at all."""

    again: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Replay:
    """What became of the letters that were asked for: by code what was replayed, by reason what was refused.

    `before` were replayed before, or stand twice among the dead letters.
    """

    replayed: Counter[str] = field(default_factory=Counter)
    before: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    first_refused: dict[str, Place | None] = field(default_factory=dict)

    def refuse(self, letter: Letter, reason: str) -> None:
        """Note that a letter is not replayed."""
        self.refused[reason] += 1
        self.first_refused.setdefault(reason, letter.origin)


async def replay(settings: Settings, wanted: Wanted, since: Instant, how: How) -> Replay:
    """Replay the letters that are asked for.

    Raises:
        LogUnavailable, StateUnavailable: Kafka or Redis does not answer; the same command goes on where it ended.
        RejectedState: there is no such deployment, or topics are missing.
    """
    updates = settings.prefix + UPDATES
    keys: set[bytes | None] = set()
    if wanted.topic in (None, updates):
        keys = await _keys(settings, wanted._replace(topic=updates), since)
    stands = await _standing(settings, keys)
    async with _replaying(settings, how, stands) as replaying, letters(settings, wanted, since) as batches:
        async for some in batches:
            for start in range(0, len(some), _AT_ONCE):
                await replaying.send(some[start : start + _AT_ONCE])
    return replaying.result


async def replay_these(settings: Settings, found: Sequence[Letter], how: How) -> Replay:
    """Replay these letters, the last of those that are of one record.

    Raises what `replay` raises.
    """
    updates = settings.prefix + UPDATES
    keys = {letter.record.key for letter in found if letter.cause is not None and letter.cause.topic == updates}
    stands = await _standing(settings, keys)
    async with _replaying(settings, how, stands) as replaying:
        await replaying.send(found[-1:])
    return replaying.result


class Standing(NamedTuple):
    """Which partitions there are, and where the last update of each key stands in each one of `account-updates`."""

    partitions: Collection[Partition]
    last: Mapping[bytes | None, Mapping[int, int]]

    def passed(self, key: bytes | None, partition: int, offset: int) -> bool:
        """Say whether the partition, which compaction looks at by itself, has a later update of the key."""
        return self.last.get(key, {}).get(partition, -1) > offset


class Replaying:
    """Sends letters, some at a time; `result` gathers what became of them."""

    def __init__(
        self, prefix: str, how: How, stands: Standing, publisher: LogPublisher, replayed: RedisReplayed
    ) -> None:
        self._prefix = prefix
        self._how = how
        self._stands = stands
        self._publisher = publisher
        self._replayed = replayed
        self._sent: set[str] = set()
        self.result = Replay()

    async def send(self, some: Sequence[Letter]) -> None:
        """Replay these letters, but for those that were, and those that cannot be."""
        chosen = await self._chosen({_digest(letter): letter for letter in some}, len(some))
        outgoing = [self._outgoing(letter) for letter in chosen.values()]
        too_large = () if self._how.dry_run else await self._publisher.publish(outgoing)
        sent = {each: letter for place, (each, letter) in enumerate(chosen.items()) if place not in too_large}
        for each in chosen.keys() - sent.keys():
            self.result.refuse(chosen[each], "its topic does not take a record of this size any more")
        if not self._how.dry_run:
            await self._replayed.note(list(sent), _now())
        self._sent |= sent.keys()
        self.result.replayed.update(letter.cause.code for letter in sent.values() if letter.cause is not None)

    async def _chosen(self, some: Mapping[str, Letter], number: int) -> Mapping[str, Letter]:
        before = self._sent & some.keys()
        if not self._how.again:
            before |= set(await self._replayed.among(list(some)))
        self.result.before += len(before) + number - len(some)
        chosen: dict[str, Letter] = {}
        for each, letter in some.items():
            if each in before:
                continue
            reason = why_not(letter, self._prefix, self._stands)
            if reason is None:
                chosen[each] = letter
            else:
                self.result.refuse(letter, reason)
        return chosen

    def _outgoing(self, letter: Letter) -> Outgoing:
        """Return the record as the letter has it: headers of the cause too, so that another failure counts on.

        It goes to the partition that it came from: producers disagree about which one a key belongs to.
        """
        cause, record = letter.cause, letter.record
        assert cause is not None  # noqa: S101 -- `why_not` has refused it otherwise
        topic = cause.topic.removeprefix(self._prefix)
        return Outgoing(topic, record.key, record.value, tuple(record.headers), cause.partition)


def why_not(letter: Letter, prefix: str, stands: Standing) -> str | None:
    """Return why a letter cannot be replayed, None where it can."""
    cause, record = letter.cause, letter.record
    if cause is None:
        return "it is no dead letter: somebody else wrote it"
    if cause.truncated is not None:
        return "only its beginning was kept, because the topic of dead letters refused the whole: send the event again"
    # Anyone may write headers: a topic that no worker reads would be theirs to write to, in our name.
    if cause.topic not in {prefix + topic for topic in READ}:
        return "it is not of a topic that workers of this deployment read"
    if Partition(cause.topic.removeprefix(prefix), cause.partition) not in stands.partitions:
        return "its topic has no such partition"
    if cause.topic == prefix + UPDATES and stands.passed(record.key, cause.partition, cause.offset):
        return f"a later update of its account is on {UPDATES}, which keeps the last of each key: it would be lost"
    return None


@asynccontextmanager
async def _replaying(settings: Settings, how: How, stands: Standing) -> AsyncIterator[Replaying]:
    publisher = LogPublisher(settings.kafka, prefix=settings.prefix, security=settings.security)
    redis = connect(settings.redis.get_secret_value())
    try:
        await standing_deployment(Scripts(redis), settings.prefix)
        yield Replaying(settings.prefix, how, stands, publisher, RedisReplayed(redis, prefix=settings.prefix))
    finally:
        await publisher.stop()
        await redis.aclose()


async def _keys(settings: Settings, wanted: Wanted, since: Instant) -> set[bytes | None]:
    keys: set[bytes | None] = set()
    async with letters(settings, wanted, since) as batches:
        async for some in batches:
            keys |= {letter.record.key for letter in some}
    return keys


async def _standing(settings: Settings, keys: Collection[bytes | None]) -> Standing:
    reader = SecondReader(
        settings.kafka,
        READ,
        _now,
        prefix=settings.prefix,
        fetch_wait_seconds=settings.fetch_wait_seconds,
        security=settings.security,
    )
    try:
        partitions = (await reader.extent()).start.keys()
    finally:
        await reader.stop()
    last: defaultdict[bytes | None, dict[int, int]] = defaultdict(dict)
    if keys:
        async with reading(settings, (UPDATES,), 0) as batches:
            async for records in batches:
                for record in records:
                    if record.key in keys:
                        last[record.key][record.partition] = record.offset
    return Standing(partitions, last)


def _digest(letter: Letter) -> str:
    record = letter.record
    return digest(str(letter.origin or f"{record.topic}/{record.partition}/{record.offset}"), record.key, record.value)


def _now() -> Instant:
    return time.time_ns() // 1_000
