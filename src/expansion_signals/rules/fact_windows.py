"""The window in which each fact counts, where nothing else is said: in a condition, and in a criterion without one.

`within` of a rule is the window of its signal, so `when` of a rule always means these; `within` of a criterion is that
of the facts that the criterion names.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Duration

DEFAULT_WITHIN: Mapping[str, Duration] = MappingProxyType(
    {
        "usage_growth": 30 * DAY,
        "limit_hits": 14 * DAY,
        "active_users": 30 * DAY,
        "features_used": 30 * DAY,
        "next_plan_features": 30 * DAY,
        "gated_attempts": 14 * DAY,
        "gated_users": 14 * DAY,
        "invites": 7 * DAY,
    }
)
"""By fact, in µs; every other fact is what stands at the moment, and has no window."""
