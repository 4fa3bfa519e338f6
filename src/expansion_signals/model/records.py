"""Records of the log as they arrive, and what becomes of those that can never succeed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from msgspec.json import Encoder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.errors import DeadLetterCode
    from expansion_signals.model.instants import Instant


_encode = Encoder().encode


class Partition(NamedTuple):
    """One partition of the log. `topic` is the name without the deployment's prefix."""

    topic: str
    partition: int


class Record(NamedTuple):
    """One record of the log, bytes untouched.

    `appended` is the append time by which age is judged (semantics 1.3): the broker's where the topic stamps it,
    elsewhere the smaller of the record's timestamp and the reader's clock.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    appended: Instant


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll of the log brought: records in offset order within each partition.

    `first` and `positions` hold every partition the reader has: its next offset before and after this poll. What lies
    between the two and is no record (transaction markers, compacted offsets) needs no work. `assignment` is the
    reader's when these records were read: once the reader's differs, another member may be reading them, too.
    """

    records: Sequence[Record]
    first: Mapping[Partition, int]
    positions: Mapping[Partition, int]
    assignment: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that can never succeed, with the reason (semantics 10.1)."""

    record: Record
    code: DeadLetterCode
    message: str


class Outgoing(NamedTuple):
    """One record to publish. `topic` is the name without the deployment's prefix; `partition` None: that of the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
    partition: int | None = None


def packed(records: Sequence[Outgoing]) -> str:
    """Return records as one text, to be published again as they were; their bytes are UTF-8."""
    texts = [
        (each.topic, _text(each.key), _text(each.value), [(n, _text(v)) for n, v in each.headers]) for each in records
    ]
    return _encode(texts).decode()


def unpacked(text: str) -> Sequence[Outgoing]:
    """Return the records of `packed`."""
    return [
        Outgoing(topic, _bytes(key), _bytes(value), tuple((name, _bytes(content)) for name, content in headers))
        for topic, key, value, headers in json.loads(text)
    ]


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode()


def _bytes(content: str | None) -> bytes | None:
    return None if content is None else content.encode()
