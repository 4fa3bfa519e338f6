"""The gate before the dead letters: it lets none through that would take a partition past the ratio limit.

It stands at the publisher because every stage's dead letters pass there, acknowledged before anything else of their
poll is applied: what is refused there has left no trace, and is read again (decision 0031).
"""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from typing import TYPE_CHECKING

from expansion_signals.errors import TooManyDeadLetters
from expansion_signals.model.records import Partition
from expansion_signals.wire.dead_letters import TOPIC, cause_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.records import Outgoing, Record
    from expansion_signals.pipeline.dead_letter_ratio import DeadLetterRatio
    from expansion_signals.ports import Publisher
    from expansion_signals.wire.dead_letters import Cause

_FOUND_BY_THE_STATE = ("identity_conflict", "overflow")
"""Codes of what is found when a part of its poll is applied already. They pass, and hold the next poll: refused, what
was published before them would be published once more at each look."""


class LetterGate:
    """Publishes through `publisher` (port `Publisher`); `prefix` goes before topics in the headers of dead letters."""

    def __init__(self, publisher: Publisher, ratio: DeadLetterRatio, *, prefix: str = "") -> None:
        self._publisher = publisher
        self._ratio = ratio
        self._prefix = prefix
        self._at_hand: Sequence[Record] = ()

    def begin(self, records: Sequence[Record]) -> None:
        """Take note of the poll whose dead letters come next.

        Raises:
            TooManyDeadLetters: a partition in it stands past the limit since the poll before.
        """
        if self._ratio.remembers:
            self._ratio.take(_offsets(self._at_hand), {})
        self._at_hand = ()
        for partition in self._ratio.remembers:
            if self._ratio.is_past(partition) and any(_of(record) == partition for record in records):
                raise TooManyDeadLetters(_told(partition, _FOUND_BY_THE_STATE))
        self._at_hand = records

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Publish, as any publisher does.

        Raises:
            TooManyDeadLetters: with these dead letters a partition would be past the limit; none is published.
            LogUnavailable: not all are acknowledged; publishing the same records again is safe.
        """
        letters = [cause_of(record.headers) for record in records if record.topic == TOPIC]
        if letters:
            self._judge(letters)
        return await self._publisher.publish(records)

    def _judge(self, letters: Sequence[Cause]) -> None:
        dead = self._by_partition([each for each in letters if each.code not in _FOUND_BY_THE_STATE])
        found = self._by_partition([each for each in letters if each.code in _FOUND_BY_THE_STATE])
        past = self._ratio.take(_offsets(self._at_hand), dead, found)
        if past is not None:
            self._at_hand = ()
            codes = Tally(each.code for each in letters if self._partition_of(each) == past)
            raise TooManyDeadLetters(_told(past, [code for code, _ in codes.most_common()]))

    def _by_partition(self, letters: Sequence[Cause]) -> Mapping[Partition, set[int]]:
        found: defaultdict[Partition, set[int]] = defaultdict(set)
        for each in letters:
            found[self._partition_of(each)].add(each.offset)
        return found

    def _partition_of(self, letter: Cause) -> Partition:
        return Partition(letter.topic.removeprefix(self._prefix), letter.partition)


def _of(record: Record) -> Partition:
    return Partition(record.topic, record.partition)


def _offsets(records: Sequence[Record]) -> Mapping[Partition, Sequence[int]]:
    found: defaultdict[Partition, list[int]] = defaultdict(list)
    for record in records:
        found[_of(record)].append(record.offset)
    return found


def _told(partition: Partition, codes: Sequence[str]) -> str:
    return (
        f"too many records of {partition.topic}/{partition.partition} would be dead letters ({', '.join(codes)}): "
        "nothing further is taken in, and nothing is lost. If a new version or new files refuse what is good, go back "
        "to the old ones; if the records are wrong, mend their producer and let these through "
        "(docs/operations.md, `When a stage is held`)"
    )
