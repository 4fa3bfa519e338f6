"""Which rules this version does not judge: a rule whose condition cannot be honoured must not fire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.rules.rules_file import LimitReachedShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.rules.rules_file import RuleShape

_IN_WINDOWS = frozenset({"attempts", "users", "within", "cooldown"})

_TAKEN: Mapping[str, frozenset[str]] = {
    "limit_hit": frozenset({"meter"}),
    "cancel_requested": frozenset({"cooldown"}),
    "integration_connected": frozenset(),
    "admin_feature_requested": frozenset({"feature", "cooldown"}),
    "product_requested": frozenset({"cooldown"}),
    "interest_grown": _IN_WINDOWS,
    "workflow_gap_found": _IN_WINDOWS,
    "sharing_grown": _IN_WINDOWS,
    "team_grown": _IN_WINDOWS,
    "network_added": _IN_WINDOWS - {"users"},
    "region_added": _IN_WINDOWS - {"users"},
    "use_case_added": _IN_WINDOWS - {"users"},
    "support_pattern_found": _IN_WINDOWS - {"users"} | {"feature"},
    "usage_accelerated": frozenset({"meter", "within", "cooldown"}),
    "usage_declined": frozenset({"meter", "within", "cooldown"}),
    "volume_grown": frozenset({"meter", "within", "cooldown"}),
    "usage_run_out_forecast": frozenset({"meter"}),
    "renewal_near": frozenset({"within"}),
}
"""Which options mean something to a signal, of those that not every signal takes."""

_OPTIONS = ("meter", "feature", "attempts", "users", "within", "cooldown")

WATCHED = frozenset({"feature_gated"}) | _TAKEN.keys()
"""Signals that a watch judges (`detect/watches.py`), or a look at a day (`detect/days.py`)."""

_RESTRICTING = ("when", "shadow", "holdout", "cap")
"""Options that make a rule fire less often or elsewhere: ignoring one would send what its writer ruled out."""


def why_unjudged(rule: RuleShape) -> str | None:
    """Return why this version leaves the rule out, or None where it judges it."""
    if not isinstance(rule, LimitReachedShape) and rule.signal not in WATCHED:
        return f"signal {rule.signal} is valid but this version does not judge it yet"
    restricting = _RESTRICTING if rule.signal in WATCHED else (*_RESTRICTING, "cooldown")
    options = [name for name in restricting if getattr(rule, name)]
    if options:
        said = " and ".join(f"`{name}`" for name in options)
        return f"{said} is valid but not honoured by this version yet, so the rule is not judged"
    taken = _TAKEN.get(rule.signal, _OPTIONS)
    meaningless = [name for name in _OPTIONS if name not in taken and getattr(rule, name, None)]
    if meaningless:
        said = " and ".join(f"no `{name}`" for name in meaningless)
        return f"{rule.signal} takes {said}, so the rule is not judged"
    return None
