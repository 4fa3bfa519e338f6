"""Which rules this version does not judge: a rule whose condition cannot be honoured must not fire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.rules.rules_file import RuleShape

_IN_WINDOWS = frozenset({"attempts", "users", "within"})

_TAKEN: Mapping[str, frozenset[str]] = {
    "limit_hit": frozenset({"meter"}),
    "cancel_requested": frozenset(),
    "integration_connected": frozenset(),
    "admin_feature_requested": frozenset({"feature"}),
    "product_requested": frozenset(),
    "interest_grown": _IN_WINDOWS,
    "workflow_gap_found": _IN_WINDOWS,
    "sharing_grown": _IN_WINDOWS,
    "team_grown": _IN_WINDOWS,
    "network_added": _IN_WINDOWS - {"users"},
    "region_added": _IN_WINDOWS - {"users"},
    "use_case_added": _IN_WINDOWS - {"users"},
    "support_pattern_found": _IN_WINDOWS - {"users"} | {"feature"},
    "seat_limit_approached": frozenset(),
    "seat_limit_invited": frozenset(),
    "seat_limit_last_taken": frozenset(),
    "usage_accelerated": frozenset({"meter", "within"}),
    "usage_declined": frozenset({"meter", "within"}),
    "volume_grown": frozenset({"meter", "within"}),
    "usage_run_out_forecast": frozenset({"meter"}),
    "renewal_near": frozenset({"within"}),
    "power_user_reached": frozenset({"meter"}),
}
"""Which options mean something to a signal, of those that not every signal takes."""

_OPTIONS = ("meter", "feature", "attempts", "users", "within")

WATCHED = frozenset({"feature_gated"}) | _TAKEN.keys()
"""Signals that a watch judges (`detect/watches.py`), or a look at a day (`detect/days.py`)."""

SCORED = frozenset({"pql"})
"""Signals whose rules add up to a score (`decide/qualifying.py`), which takes every option and knows every fact."""

COUNTED = frozenset({"limit_reached", "milestone"})
"""Signals that are judged from counters (`detect/limits.py`, `detect/milestones.py`)."""


def why_unjudged(rule: RuleShape) -> str | None:
    """Return why this version leaves the rule out, or None where it judges it."""
    if rule.signal in SCORED:
        return None
    taken = _TAKEN.get(rule.signal, _OPTIONS)
    meaningless = [name for name in _OPTIONS if name not in taken and getattr(rule, name, None)]
    if meaningless:
        said = " and ".join(f"no `{name}`" for name in meaningless)
        return f"{rule.signal} takes {said}, so the rule is not judged"
    return None
