"""Over how long a fact of a condition is looked at where nothing is said (docs/rules.md, PQL).

Metering counts a fact in this window, and deciding asks for it by the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Duration

DEFAULT_WITHIN: Mapping[str, Duration] = {
    "usage_growth": 30 * DAY,
    "limit_hits": 14 * DAY,
    "active_users": 30 * DAY,
    "features_used": 30 * DAY,
    "next_plan_features": 30 * DAY,
    "gated_attempts": 14 * DAY,
    "gated_users": 14 * DAY,
    "invites": 7 * DAY,
}
"""The window of each fact that has one; every other fact is one of the moment."""


def window_of(fact: str, within: Duration | None) -> Duration | None:
    """Return the window in which a condition that says `within` looks at a fact; None for one of the moment."""
    default = DEFAULT_WITHIN.get(fact)
    return None if default is None else within or default
