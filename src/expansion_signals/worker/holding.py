"""Holding: where too many records are dead letters, a stage takes nothing in until that changes (semantics 10.3)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from expansion_signals.errors import TooManyDeadLetters

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Partition, Poll
    from expansion_signals.worker.letter_gate import LetterGate
    from expansion_signals.worker.stage import Absorber
    from expansion_signals.worker.status import StageStatus

_LOOK_SECONDS = 5.0
"""How often what is held is read and judged again: files may have changed, or its partition may be another worker's."""

log = logging.getLogger(__name__)


class Member(Protocol):
    """What stays in its group while it does not read."""

    def paused(self) -> AbstractAsyncContextManager[None]:
        """Stay a member as long as this is open."""


class Holding:
    """An absorber that takes polls in through the gate's consent (`worker.stage.Absorber`).

    A poll that the gate refuses is read again from its beginning, so nothing of it is passed over. What a refused poll
    had applied before is passed over by its shards, as after a crash.
    """

    def __init__(
        self,
        absorber: Absorber,
        gate: LetterGate,
        member: Member,
        status: StageStatus,
        *,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._absorber = absorber
        self._gate = gate
        self._member = member
        self._status = status
        self._look_seconds = look_seconds

    async def absorb(self, poll: Poll) -> Mapping[Partition, int]:
        """Take a poll in; where it is refused, wait a while and return where it begins."""
        try:
            self._gate.begin(poll.records)
            rewind = await self._absorber.absorb(poll)
        except TooManyDeadLetters as refused:
            await self._hold(str(refused))
            return poll.first
        if self._status.held is not None:
            log.warning("going on: not too many records are dead letters any more")
            self._status.held = None
        return rewind

    async def rolled_back(self) -> Mapping[Partition, int]:
        """Say what the absorber says."""
        return await self._absorber.rolled_back()

    async def sweep(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> bool:
        """Do what the absorber does; a stage that is held goes on doing it, up to where it is held."""
        return await self._absorber.sweep(positions, reached)

    async def _hold(self, why: str) -> None:
        if why != self._status.held:
            log.error("HELD: %s", why)
            self._status.held = why
        async with self._member.paused():
            await asyncio.sleep(self._look_seconds)
