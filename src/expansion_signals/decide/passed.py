"""How far a partition of signals was decided before its shard was lost, as the log tells it.

Told is a decision alone, and it is published after everything else that its poll led to. So it proves all records of
its shard and partition before it, but for candidates: each of those has a decision of its own.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

Fate = Literal["known", "waiting", "unknown", "dead"]
"""What is known of a record when it is read again.

known      it is decided, or nothing is published because of it
waiting    something is published because of it: whether it was, a later decision proves
unknown    a candidate that is not decided, or held
dead       it can never be decided: whether its dead letter is out, a later decision proves
"""


@dataclass(slots=True)
class _Row:
    offset: int
    fate: Fate
    settled: bool


@dataclass(slots=True)
class Passed:
    """A partition: the next offset to decide, and this shard's records before it.

    known, known, dead, known, decided, waiting    deciding goes on at the one that waits
    known, unknown, decided                        at the unknown one; what came after it is known by its record
    """

    offset: int
    counted: int = 0
    dead_lettered: int = 0
    _rows: deque[_Row] = field(default_factory=deque)
    _unproved: list[_Row] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Say whether deciding would go on before the records to come, by what is known so far."""
        return bool(self._rows)

    def take(self, offset: int, fate: Fate) -> None:
        """Take one more record."""
        row = _Row(offset, fate, settled=fate == "known")
        if fate in ("waiting", "dead"):
            self._unproved.append(row)
        self._rows.append(row)
        self._count()

    def prove(self) -> None:
        """Note that all that follows from the records so far was published, and every dead letter."""
        for row in self._unproved:
            row.settled = True
        self._unproved.clear()
        self._count()

    def end(self, offset: int) -> None:
        """Note that the shard has no further record before this offset."""
        self.offset = self._rows[0].offset if self._rows else offset

    def _count(self) -> None:
        while self._rows and self._rows[0].settled:
            is_dead = self._rows.popleft().fate == "dead"
            self.dead_lettered += is_dead
            self.counted += not is_dead
