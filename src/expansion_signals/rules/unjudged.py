"""Which rules this version does not judge: a rule whose condition cannot be honoured must not fire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.rules.rules_file import LimitReachedShape

if TYPE_CHECKING:
    from expansion_signals.rules.rules_file import RuleShape

WATCHED = frozenset({"feature_gated"})
"""Signals that a watch judges (`detect/watches.py`)."""

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
    return None
