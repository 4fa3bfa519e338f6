from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import RejectedState, TooManyDeadLetters
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.pipeline.dead_letter_ratio import DeadLetterRatio
from expansion_signals.worker.holding import Holding
from expansion_signals.worker.letter_gate import LetterGate
from expansion_signals.worker.status import StageStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing

USAGE = Partition("usage-events", 0)
POLL = Poll([Record(*USAGE, 7, None, b"{}", (), 0)], {USAGE: 7}, {USAGE: 8}, 1)


@dataclass
class ScriptedAbsorber:
    """Raises these one after the other, then takes everything in."""

    refusals: list[Exception] = field(default_factory=list)
    taken: int = 0

    async def absorb(self, poll: Poll) -> Mapping[Partition, int]:
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken += len(poll.records)
        return {}

    async def rolled_back(self) -> Mapping[Partition, int]:
        return {USAGE: 3}

    async def sweep(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> bool:
        return not reached and positions == {USAGE: 7}


@dataclass
class Member:
    """Counts how often it was kept in its group."""

    kept: int = 0

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        self.kept += 1
        yield


class Nowhere:
    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        raise AssertionError(records)


@dataclass
class Held:
    """A stage that is refused so often, and then not any more."""

    refusals: int = 1

    def __post_init__(self) -> None:
        self.status, self.member = StageStatus(begun=True), Member()
        self.inner = ScriptedAbsorber([TooManyDeadLetters("too many of usage-events/0")] * self.refusals)
        gate = LetterGate(Nowhere(), DeadLetterRatio(0.5, 10))
        self.holding = Holding(self.inner, gate, self.member, self.status, look_seconds=0)


async def test_a_poll_that_is_refused_is_read_again_from_its_beginning() -> None:
    assert await Held().holding.absorb(POLL) == {USAGE: 7}


async def test_a_stage_that_is_held_says_why_and_is_not_ready() -> None:
    held = Held()
    await held.holding.absorb(POLL)
    assert (held.status.held, held.status.ready()) == ("too many of usage-events/0", False)


async def test_a_stage_that_is_held_stays_a_member_of_its_group() -> None:
    held = Held()
    await held.holding.absorb(POLL)
    assert held.member.kept == 1


async def test_a_hold_is_told_once_however_often_it_is_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    held = Held(refusals=3)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await held.holding.absorb(POLL)
    assert caplog.messages == ["HELD: too many of usage-events/0"]


async def test_a_stage_goes_on_as_soon_as_it_is_not_refused_any_more() -> None:
    held = Held()
    answers = [await held.holding.absorb(POLL) for _ in range(2)]
    assert (answers[1], held.inner.taken, held.status.held) == ({}, 1, None)


async def test_another_failure_is_no_hold() -> None:
    held = Held()
    held.inner.refusals = [RejectedState("shard 3")]
    with pytest.raises(RejectedState):
        await held.holding.absorb(POLL)


async def test_what_is_due_meanwhile_is_done() -> None:
    held = Held()
    assert await held.holding.sweep({USAGE: 7}, {})


async def test_roll_backs_are_noticed_all_the_same() -> None:
    assert await Held().holding.rolled_back() == {USAGE: 3}
