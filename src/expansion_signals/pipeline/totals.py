"""What the events of a part come to for one counter, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expansion_signals.model.batches import Share
from expansion_signals.pipeline.sums import part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from expansion_signals.model.catalog import Aggregation
    from expansion_signals.model.changes import Change
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter
    from expansion_signals.pipeline.sums import Part


@dataclass(slots=True)
class Total:
    """What is summed for one counter before it is sent.

    `event` is the last one that may fire, or the last of all where none may. `appended` is its append time where it may
    fire, by which its age is judged; otherwise the latest of those whose period is not over. `kept` says from which
    start on counters of the meter are kept, and which is the last that is not. `shares`: by dimension and value, None
    where nothing is split.
    """

    aggregation: Aggregation
    watched: bool = False
    quiet: Part | None = None
    firing: Part | None = None
    event: UsageEvent | None = None
    appended: Instant = 0
    kept: tuple[Instant, Counter | None] = (0, None)
    shares: dict[tuple[str, str], Part] | None = None

    def part(self, *, quiet: bool) -> Part:
        """Return the part that an event belongs to."""
        found = self.quiet if quiet else self.firing
        if found is not None:
            return found
        made = part_of(self.aggregation)
        if quiet:
            self.quiet = made
        else:
            self.firing = made
        return made

    def split(self, values: Iterable[tuple[str, str]], amount: int, time: Instant, offset: int) -> None:
        """Add an event's amount to the shares of its values, too."""
        if self.shares is None:
            self.shares = {}
        for value in values:
            if value not in self.shares:
                self.shares[value] = part_of(self.aggregation)
            self.shares[value].add(amount, time, offset)

    def shared(self) -> Sequence[Share] | None:
        """Return what the shares come to."""
        if self.shares is None:
            return None
        return [Share(*value, part.change()) for value, part in self.shares.items()]

    def changes(self) -> tuple[Change | None, Change | None]:
        """Return what the two parts come to, the quiet one first."""
        return (self.quiet.change() if self.quiet else None, self.firing.change() if self.firing else None)
