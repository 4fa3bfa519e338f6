"""Reads a topic as a stranger's consumer does, from its beginning, without a group."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ANSWER_SECONDS = 10
WITHDRAWN = "expansion.trigger.withdrawn.v1"


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it stands on the broker; `timestamp` is in milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp: int

    @property
    def event(self) -> dict[str, Any]:
        """The record's value as the JSON object that it is."""
        assert self.value is not None
        event: dict[str, Any] = json.loads(self.value)
        return event

    @property
    def is_withdrawal(self) -> bool:
        """Say whether it takes a trigger back: it lies on the trigger's topic."""
        return bool(self.event["type"] == WITHDRAWN)

    @property
    def header(self) -> dict[str, bytes | None]:
        """The headers by name; of several with one name, the last."""
        return dict(self.headers)


class Topic:
    """One topic, read on and on: `found` is everything so far, partition by partition in order."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self.name = name
        self.found: list[Found] = []
        self._reached: dict[int, int] = defaultdict(int)
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "tests-never-join",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
                "fetch.message.max.bytes": 16_000_000,
                "log_level": 0,
            }
        )
        partitions = self._consumer.list_topics(name, timeout=ANSWER_SECONDS).topics[name].partitions
        self._partitions = [TopicPartition(name, number, OFFSET_BEGINNING) for number in partitions]
        self._consumer.assign(self._partitions)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def read(self) -> Sequence[Found]:
        """Take what has come, waiting for a moment only, and return everything so far."""
        # One first: `consume` alone would wait out its time even when a record is there.
        first = self._consumer.poll(0.05)
        for message in [first, *self._consumer.consume(10_000, timeout=0)] if first is not None else ():
            assert message.error() is None, message.error()
            self._reached[message.partition()] = message.offset() + 1
            self.found.append(
                Found(
                    self.name,
                    message.partition(),
                    message.offset(),
                    message.key(),
                    message.value(),
                    tuple(message.headers() or ()),
                    message.timestamp()[1],
                )
            )
        return self.found

    def to_end(self) -> Sequence[Found]:
        """Read to where the topic ends now, and return everything."""
        ends = {
            each.partition: self._consumer.get_watermark_offsets(each, timeout=ANSWER_SECONDS)[1]
            for each in self._partitions
        }

        def there() -> bool:
            self.read()
            return all(self._reached[number] >= end for number, end in ends.items())

        until(there, seconds=60, waiting_for=f"the end of {self.name}")
        return self.found

    def until(self, wanted: Callable[[Found], bool], *, count: int = 1, seconds: float = 20) -> list[Found]:
        """Read on until `count` records are as wanted, and return those."""

        def there() -> list[Found] | None:
            self.read()
            matching = [record for record in self.found if wanted(record)]
            return matching if len(matching) >= count else None

        found = until(there, seconds=seconds, waiting_for=f"{count} such record(s) on {self.name}")
        assert found is not None
        return found


def everything(bootstrap: str, topics: Sequence[str]) -> Iterator[Found]:
    """Read several topics to their ends."""
    for name in topics:
        with Topic(bootstrap, name) as topic:
            yield from topic.to_end()
