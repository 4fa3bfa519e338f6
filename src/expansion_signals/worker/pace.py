"""How long a stage waits between two polls: not at all while little comes, longer as it pays to read more at once.

What a poll costs hangs on how many shards it touches, and a small one touches nearly a shard an event. So polls are
held apart until they bring enough, but never so far that latency is felt:

    10 events/s        0.4 ms      each event is read as it comes
    1,000 events/s     40 ms
    5,000 events/s     40 ms       200 events at once
    20,000 events/s    15 ms       300 events at once
    a backlog          the next poll at once
"""

from __future__ import annotations

LONGEST_SECONDS = 0.040
_ENOUGH = 300
"""Events that a poll should bring."""

_FEW = 10
_SECONDS_A_RATE = 40e-6
"""How much longer polls are apart for each event a second, while few come."""

_REMEMBERED_SECONDS = 0.5


class Pace:
    """Learns how much comes. Instants are seconds of a clock that only moves forward."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._polled_at: float | None = None

    def until(self, records: int, behind: int, now: float) -> float:
        """Return when to poll next, after a poll at `now` that brought so many records and left so many behind.

        Where more is left than comes in half a wait, none is in order: some brokers hand out little at a time.
        """
        if self._polled_at is not None:
            apart = max(now - self._polled_at, 1e-6)
            weight = min(1.0, apart / _REMEMBERED_SECONDS)
            self._rate += weight * (records / apart - self._rate)
        self._polled_at = now
        if behind > LONGEST_SECONDS * self._rate / 2 + _FEW:
            return now
        enough = _ENOUGH / self._rate if self._rate else 0.0
        return now + min(LONGEST_SECONDS, enough, self._rate * _SECONDS_A_RATE)
