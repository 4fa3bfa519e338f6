"""A lane: where the events of an account that are alike in all that matters count; and what came in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.changes import Change
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Counter


@dataclass(slots=True, eq=False)
class Lane:
    """What an account's events of a meter in `[low, high)` count for, appended in `[begin, end)`, `age` late at most.

    `counters` are those they move, in their order, each with whether a rule looks at it. Where the one with a period is
    made, those of its meter that start before `keep_from` go; `forgotten` is the last of them (semantics 2.3). `day` is
    their UTC day. `told` are members of a `unique` meter that its counters and its day are known to hold.
    """

    meter: Meter
    profile: Profile
    low: Instant
    high: Instant
    begin: Instant
    end: Instant
    age: Duration
    day: int
    counters: Sequence[tuple[Counter, bool]]
    keep_from: Instant
    forgotten: Counter | None
    told: set[int] = field(default_factory=set)

    def takes(self, event: UsageEvent, appended: Instant) -> bool:
        """Say whether the event is one of these."""
        time = event.time
        return (
            self.low <= time < self.high
            and self.begin <= appended < self.end
            and appended - time <= self.age
            and not event.backfill
        )


class LaneMove(NamedTuple):
    """All counters of a lane change by this, and so does its day bucket.

    It may fire where a rule looks at the counter. `event` is the last of those it sums up, `appended` when it was.
    """

    lane: Lane
    change: Change
    event: UsageEvent
    appended: Instant
