"""Where an account's next event of a meter adds to the same sums as the one before, without asking again.

What an event of a meter adds to hangs on its day, its period and whether it may still fire. Events that come together
mostly agree in all of it: the first goes the long way (`asking`), and leaves a lane for those after it.

    event of 10:00, appended 10:01     the long way; lane: events of today, in the running period, at most an hour late
    event of 10:02, appended 10:02     the lane
    event of 08:30, appended 10:02     the long way: it counts quietly
    event of yesterday                 the long way: another day's bucket
    backfill                           the long way
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY, Duration, day_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Period
    from expansion_signals.pipeline.sums import Part
    from expansion_signals.pipeline.totals import Total

FOREVER: Duration = 1 << 62
"""Longer than any time there is."""


class Lane:
    """What events in `[low, high)` add to, appended before `end` and at most `age` after their time."""

    __slots__ = ("age", "end", "high", "low", "parts", "totals")

    def __init__(  # noqa: PLR0913 -- its bounds, and what it adds to
        self,
        time: Instant,
        period: Period | None,
        as_of: Instant | None,
        age: Duration,
        parts: Sequence[Part],
        totals: Sequence[Total],
    ) -> None:
        day = day_of(time) * DAY
        self.low = max(day, period.start if period else day, day if as_of is None else as_of)
        self.high = min(day + DAY, period.end if period else FOREVER)
        self.end = period.end if period else FOREVER
        self.age = age
        self.parts = parts
        self.totals = totals

    def takes(self, event: UsageEvent, amount: int, offset: int, appended: Instant) -> bool:
        """Add the event if it is one of the lane's; say whether it is."""
        time = event.time
        if not self.low <= time < self.high or appended - time > self.age or appended >= self.end or event.backfill:
            return False
        for part in self.parts:
            part.add(amount, time, offset)
        for total in self.totals:
            total.event = event
            total.appended = appended
        return True
