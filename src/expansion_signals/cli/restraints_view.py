"""What holds a rule back, of whatever kind it is, as `config show` tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.amounts import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.rules.configuration import MeterRule, WatchRule
    from expansion_signals.rules.pql import PqlRule


def restraints(rule: MeterRule | WatchRule | PqlRule) -> Iterator[str]:
    """Yield its condition, its holdout, and that it is only tried out, as far as it has them."""
    if rule.when is not None:
        yield "under a condition"
    if rule.holdout is not None:
        yield f"{plain(rule.holdout)}% held out"
    if rule.shadow:
        yield "tried out"
