"""Whether a counter holds everything of its period (architecture, When Redis loses data)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Period


def incomplete(meter: Meter, period: Period | None, profile: Account | None, since: Instant | None) -> bool:
    """Say whether a meter's counter of this period reaches back further than the log its shard was rebuilt from.

    Such a counter is shown and fires nothing, until its period ends or a baseline arrives. `since` is the append time
    from which on the shard knows everything, None where it always did.

        period began at or after `since`                 complete
        `latest`                                         complete: the last event says all
        of an account's life, beside periods             incomplete: no baseline sets it
        a baseline of this period, as of `since` or later   complete: it holds what is missing
        anything else                                    incomplete
    """
    if since is None or meter.aggregation == "latest" or (period is not None and period.start >= since):
        return False
    if period is None and meter.per != "never":
        return True
    baseline = profile.usage.get(meter.key) if profile else None
    if baseline is None or baseline.as_of < since:
        return True
    return period is not None and not period.start <= baseline.as_of < period.end
