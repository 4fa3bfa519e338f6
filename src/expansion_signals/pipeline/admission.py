"""Whether the counter of its period takes an event in, or only the bucket of its day does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.events import USAGE_IMPORTED
from expansion_signals.pipeline.retention import is_gone

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Period


def counter_takes(
    event: UsageEvent, meter: Meter, profile: Profile | None, period: Period | None, came: tuple[Instant, Duration]
) -> bool:
    """Say whether the counter of this period takes the event in; `came` is its append time and the acceptance window.

    Not where that counter is kept no more (semantics 2.3), where a baseline holds the event already (2.9), or where a
    day's total would have to be one hour's.
    """
    if is_gone(period, meter.per, *came) or _in_baseline(event, meter, profile, period):
        return False
    return not (event.type == USAGE_IMPORTED and meter.per == "hour")


def _in_baseline(event: UsageEvent, meter: Meter, profile: Profile | None, period: Period | None) -> bool:
    """Say whether a baseline of this counter was taken after the event."""
    as_of = profile.level_set(meter.key) if profile else None
    if as_of is None or event.time >= as_of or meter.aggregation not in ("sum", "count"):
        return False
    return period is None or as_of < period.end
