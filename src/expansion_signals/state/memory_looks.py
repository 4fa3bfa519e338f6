"""Looks in memory: when each account is to be looked at, so that the longest overdue are found at once."""

from __future__ import annotations

from collections.abc import MutableMapping
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from expansion_signals.model.looks import Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expansion_signals.model.instants import Instant

Place = tuple[str, str]
"""An account, and the reason for which it is looked at."""


class Looks(MutableMapping[Place, "Instant"]):
    """The instant of each place. Beside it stands a queue, in which places that were moved are found stale."""

    def __init__(self) -> None:
        self._at: dict[Place, Instant] = {}
        self._queue: list[tuple[Instant, bytes, bytes]] = []

    def due(self, until: Instant, most: int) -> Sequence[Look]:
        """Return so many at most that are due until then, the longest overdue first.

        Those of one instant come in the order of the texts that stand in Redis.
        """
        first: dict[tuple[Instant, bytes, bytes], Look] = {}
        while self._queue and self._queue[0][0] <= until and len(first) < most:
            at, reason, account = entry = heappop(self._queue)
            look = Look(account.decode(), reason.decode(), at)
            if self._at.get((look.account, look.reason)) == at:
                first[entry] = look
        for entry in first:
            heappush(self._queue, entry)
        return list(first.values())

    def __getitem__(self, place: Place) -> Instant:
        """Return when to look there."""
        return self._at[place]

    def __setitem__(self, place: Place, at: Instant) -> None:
        """Look there then, and at no other time."""
        account, reason = place
        self._at[place] = at
        heappush(self._queue, (at, reason.encode(), account.encode()))

    def __delitem__(self, place: Place) -> None:
        """Look there no more."""
        del self._at[place]

    def __iter__(self) -> Iterator[Place]:
        """Return all places."""
        return iter(self._at)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._at)
