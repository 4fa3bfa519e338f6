"""What a poll's events of one counter come to before they are sent: one change that may fire, and one that may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from expansion_signals.model.changes import Add, Raise, Replace, See

if TYPE_CHECKING:
    from expansion_signals.model.catalog import Aggregation
    from expansion_signals.model.changes import Change
    from expansion_signals.model.instants import Instant


class Part(Protocol):
    """The events of one part: quiet, or firing."""

    def add(self, amount: int, time: Instant, offset: int) -> None:
        """Take an event's amount in, as it comes in the order of its partition."""

    def change(self) -> Change:
        """Return what the events come to."""


class Sum:
    """`sum` and `count`."""

    __slots__ = ("amount",)

    def __init__(self) -> None:
        self.amount = 0

    def add(self, amount: int, time: Instant, offset: int) -> None:  # noqa: ARG002 -- a sum has no order
        """Add."""
        self.amount += amount

    def change(self) -> Change:
        """Return the sum."""
        return Add(self.amount)


class Highest:
    """`max`."""

    __slots__ = ("level",)

    def __init__(self) -> None:
        self.level: int | None = None

    def add(self, amount: int, time: Instant, offset: int) -> None:  # noqa: ARG002 -- the highest has no order
        """Keep the higher."""
        self.level = amount if self.level is None else max(self.level, amount)

    def change(self) -> Change:
        """Return the highest."""
        assert self.level is not None  # noqa: S101 -- a part is made for its first event
        return Raise(self.level)


class Last:
    """`latest`: the greatest event time, ties by offset."""

    __slots__ = ("latest",)

    def __init__(self) -> None:
        self.latest: tuple[Instant, int, int] | None = None

    def add(self, amount: int, time: Instant, offset: int) -> None:
        """Keep the later."""
        if self.latest is None or (time, offset) >= self.latest[:2]:
            self.latest = (time, offset, amount)

    def change(self) -> Change:
        """Return the last."""
        assert self.latest is not None  # noqa: S101 -- a part is made for its first event
        time, offset, level = self.latest
        return Replace(level, time, offset)


class Members:
    """`unique`: the amount is a member's hash."""

    __slots__ = ("seen",)

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def add(self, amount: int, time: Instant, offset: int) -> None:  # noqa: ARG002 -- members have no order
        """Remember the member."""
        self.seen.add(amount)

    def change(self) -> Change:
        """Return the members."""
        return See(tuple(sorted(self.seen)))


_PARTS: dict[Aggregation, type[Sum | Highest | Last | Members]] = {
    "sum": Sum,
    "count": Sum,
    "max": Highest,
    "latest": Last,
    "unique": Members,
}


def part_of(aggregation: Aggregation) -> Part:
    """Return an empty part for this aggregation."""
    return _PARTS[aggregation]()


def take(part: Part, change: Change) -> None:
    """Take in what an hour bucket holds, as if its events came now."""
    match change:
        case Add(amount):
            part.add(amount, 0, 0)
        case Raise(level):
            part.add(level, 0, 0)
        case Replace(level, time, offset):
            part.add(level, time, offset)
        case See(members):
            for member in members:
                part.add(member, 0, 0)
