"""What is played: the lines of a file, or what topics hold since an instant. Each has a place that people can find."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from expansion_signals.cli.reading_past import reading
from expansion_signals.pipeline.deciding import PROMPT_EVENTS
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.testing.arrivals import arrival_from, arrival_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Record
    from expansion_signals.settings import Settings
    from expansion_signals.testing.arrivals import Arrival

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TOPICS = (ACCOUNT_UPDATES, USAGE_EVENTS, PROMPT_EVENTS)
"""In the order in which what came at once is played: who an account is comes before what it does."""


class Recorded(Protocol):
    """Something to play, as often as wanted."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def total(self) -> int:
        """How much there is to pass."""

    def arrivals(self) -> Iterator[tuple[int, Arrival, int]]:
        """Yield each arrival between its number and how much of the total is passed with it."""

    def place(self, number: int) -> str:
        """Return where the arrival of this number stands."""


class RecordedFile:
    """A file with one CloudEvent on each line; empty lines are passed over. Its total is in bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)
        self.total = path.stat().st_size

    def arrivals(self) -> Iterator[tuple[int, Arrival, int]]:
        """Yield each line, at its event time."""
        passed = 0
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                passed += len(line)
                text = (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).strip()
                if text:
                    yield number, arrival_of(text), passed

    def place(self, number: int) -> str:
        """Return the line in the form that editors turn into a link."""
        return f"{self.name}:{number}"


class RecordedTopics(NamedTuple):
    """What the topics of a deployment hold since an instant, in the order in which it was appended."""

    name: str
    since: Instant
    records: Sequence[Record]

    @property
    def total(self) -> int:
        """How many records there are."""
        return len(self.records)

    def arrivals(self) -> Iterator[tuple[int, Arrival, int]]:
        """Yield each record at its append time; what was told of accounts before comes first, as of the beginning."""
        for number, record in enumerate(self.records, 1):
            arrival = arrival_from(record)
            yield number, arrival._replace(time=max(arrival.time, self.since)), number

    def place(self, number: int) -> str:
        """Return topic, partition and offset."""
        record = self.records[number - 1]
        return f"{record.topic}/{record.partition}@{record.offset}"


async def recorded_topics(settings: Settings, since: Instant, named: str) -> RecordedTopics:
    """Read usage and reports of prompts since then, and all that is kept about accounts, into memory.

    Raises:
        LogUnavailable: Kafka does not answer.
        RejectedState: topics are missing.
    """
    records: list[Record] = []
    for topics, begin in (((ACCOUNT_UPDATES,), 0), ((USAGE_EVENTS, PROMPT_EVENTS), since)):
        async with reading(settings, topics, begin) as batches:
            async for batch in batches:
                records += batch
    records.sort(key=lambda each: (each.appended, _TOPICS.index(each.topic), each.partition, each.offset))
    return RecordedTopics(f"the topics of {settings.kafka} since {named}", since, records)
