from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import TooManyDeadLetters
from expansion_signals.model.records import DeadLetter, Outgoing, Record
from expansion_signals.pipeline.dead_letter_ratio import DeadLetterRatio
from expansion_signals.wire.dead_letters import write
from expansion_signals.worker.letter_gate import LetterGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.errors import DeadLetterCode

PREFIX = "t-"


class NotingPublisher:
    """Notes what is published."""

    def __init__(self) -> None:
        self.published: list[Outgoing] = []

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        self.published += records
        return ()


class Door:
    """A gate that lets 5 of 10 records be dead letters, and what comes through it."""

    def __init__(self) -> None:
        self.behind = NotingPublisher()
        self.gate = LetterGate(self.behind, DeadLetterRatio(0.5, 10), prefix=PREFIX)

    async def poll(self, offsets: range, dead: int, code: DeadLetterCode = "unparsable", partition: int = 0) -> None:
        records = [Record("usage-events", partition, offset, None, b"{", (), 0) for offset in offsets]
        self.gate.begin(records)
        await self.gate.publish([write(DeadLetter(each, code, "wrong"), 0, PREFIX) for each in records[:dead]])


async def test_dead_letters_below_the_limit_pass() -> None:
    door = Door()
    await door.poll(range(10), 5)
    assert len(door.behind.published) == 5


async def test_of_dead_letters_past_the_limit_none_passes() -> None:
    door = Door()
    with pytest.raises(TooManyDeadLetters):
        await door.poll(range(10), 6)
    assert door.behind.published == []


async def test_what_is_refused_is_told_with_topic_partition_and_codes() -> None:
    with pytest.raises(TooManyDeadLetters, match=r"usage-events/0 .*\(unparsable\).*operations\.md"):
        await Door().poll(range(10), 6)


async def test_what_was_refused_is_refused_at_each_look() -> None:
    door = Door()
    for _ in range(3):
        with pytest.raises(TooManyDeadLetters):
            await door.poll(range(10), 6)
    assert door.behind.published == []


async def test_what_is_judged_otherwise_by_now_passes() -> None:
    door = Door()
    with pytest.raises(TooManyDeadLetters):
        await door.poll(range(10), 6)
    await door.poll(range(10), 2)
    assert len(door.behind.published) == 2


async def test_conflicts_pass_because_a_part_of_their_poll_is_applied() -> None:
    door = Door()
    await door.poll(range(10), 10, "identity_conflict")
    assert len(door.behind.published) == 10


async def test_too_many_conflicts_hold_the_next_poll() -> None:
    door = Door()
    await door.poll(range(10), 10, "identity_conflict")
    with pytest.raises(TooManyDeadLetters, match="identity_conflict"):
        await door.poll(range(10, 11), 0)


async def test_a_poll_without_the_partition_that_is_past_is_taken() -> None:
    door = Door()
    await door.poll(range(10), 10, "identity_conflict")
    await door.poll(range(3), 1, partition=1)
    assert len(door.behind.published) == 11


async def test_good_records_of_polls_without_dead_letters_count_too() -> None:
    door = Door()
    await door.poll(range(5), 5)
    await door.poll(range(5, 13), 0)
    await door.poll(range(13, 16), 3)
    assert len(door.behind.published) == 8


async def test_a_letter_that_is_published_again_is_one_letter() -> None:
    door = Door()
    for _ in range(4):
        await door.poll(range(5), 5)
    assert len(door.behind.published) == 20


async def test_what_is_no_dead_letter_is_not_judged() -> None:
    door = Door()
    await door.gate.publish([Outgoing("expansion-signals", b"acct-1", b"{}")])
    assert len(door.behind.published) == 1
