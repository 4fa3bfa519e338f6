"""What requests say of a lane each time: worked out once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import SECOND
from expansion_signals.state.keys import day_of_month, month_name, suffix_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.lanes import Lane

_LANES_KEPT = 100_000


class LaneText(NamedTuple):
    """A lane as requests name it: `month` and `day_of_month` of its bucket, and its counters.

    Of each counter: its suffix, whether a rule looks at it, and from which second on others of its meter are kept.
    `is_watched`: a rule looks at any of them.
    """

    meter: str
    month: str
    day_of_month: int
    counters: Sequence[tuple[str, bool, int]]
    is_watched: bool


@lru_cache(maxsize=_LANES_KEPT)
def lane_text(lane: Lane) -> LaneText:
    """Return how requests name a lane."""
    return LaneText(
        lane.meter.key,
        month_name(lane.day),
        day_of_month(lane.day),
        [
            (suffix_of(counter), watched, 0 if counter.start is None else lane.keep_from // SECOND)
            for counter, watched in lane.counters
        ],
        any(watched for _, watched in lane.counters),
    )
