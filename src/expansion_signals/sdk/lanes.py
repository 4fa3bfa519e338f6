"""The order in which triggers are acted on: one account's one after the other, accounts beside each other."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting")


class Lanes(Generic[Waiting]):
    """What waits for its turn, a lane for each account; only the first of a lane may be acted on.

    Instants are seconds of whatever clock the caller has. A lane that is busy, or put off, holds back no other.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, deque[Waiting]] = {}
        self._ready: deque[str] = deque()
        self._put_off: list[tuple[float, int, str]] = []
        self._numbers = count()
        self._waiting = 0

    def __len__(self) -> int:
        """Count what waits; what somebody acts on does not."""
        return self._waiting

    def add(self, account: str, waiting: Waiting) -> None:
        """Let it wait behind everything of this account."""
        lane = self._lanes.get(account)
        if lane is None:
            lane = self._lanes[account] = deque()
            self._ready.append(account)
        lane.append(waiting)
        self._waiting += 1

    def first(self, most: int, now: float) -> list[tuple[str, Waiting]]:
        """Return whose turn it is, at most so many, each of another account; they stay where they are until `begin`."""
        while self._put_off and self._put_off[0][0] <= now:
            self._ready.append(heappop(self._put_off)[2])
        return [(account, self._lanes[account][0]) for account, _ in zip(self._ready, range(most), strict=False)]

    def begin(self, number: int) -> None:
        """Take so many of those whose turn it is, in their order; each lane is busy until `go_on` or `put_off`."""
        for _ in range(number):
            self._lanes[self._ready.popleft()].popleft()
            self._waiting -= 1

    def go_on(self, account: str) -> None:
        """Free the lane: the next of it may be acted on."""
        if self._lanes[account]:
            self._ready.append(account)
        else:
            del self._lanes[account]

    def put_off(self, account: str, waiting: Waiting, until: float) -> None:
        """Let it wait in front of everything of this account, and the lane until this instant."""
        self._lanes[account].appendleft(waiting)
        self._waiting += 1
        heappush(self._put_off, (until, next(self._numbers), account))

    def next_turn(self) -> float | None:
        """Return when the next lane that was put off is ready; None if none was."""
        return self._put_off[0][0] if self._put_off else None

    def clear(self) -> None:
        """Forget all that waits; a lane that is busy stays so."""
        for account in (*self._ready, *(account for _, _, account in self._put_off)):
            del self._lanes[account]
        for lane in self._lanes.values():
            lane.clear()
        self._ready.clear()
        self._put_off.clear()
        self._waiting = 0
