"""Which rules this version does not judge: a rule whose condition cannot be honoured must not fire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.rules.catalog_checks import COUNTED, COUNTED_PER
from expansion_signals.rules.rules_file import LimitReachedShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.catalog import Meter
    from expansion_signals.rules.rules_file import RuleShape

_RESTRICTING = ("when", "shadow", "holdout", "cooldown", "cap")
"""Options that make a rule fire less often or elsewhere: ignoring one would send what its writer ruled out."""


def why_unjudged(rule: RuleShape, meters: Mapping[str, Meter]) -> str | None:
    """Return why this version leaves the rule out, or None where it judges it."""
    if not isinstance(rule, LimitReachedShape):
        return f"signal {rule.signal} is valid but this version does not judge it yet"
    options = [name for name in _RESTRICTING if getattr(rule, name)]
    if options:
        said = " and ".join(f"`{name}`" for name in options)
        return f"{said} is valid but not honoured by this version yet, so the rule is not judged"
    meter = meters.get(rule.meter)
    if meter is not None and (meter.aggregation not in COUNTED or meter.per not in COUNTED_PER):
        return f"meter {meter.key} is not counted by this version yet, so the rule is not judged"
    return None
