"""A rule that qualifies leads, as `config show` tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.cli.restraints_view import restraints
from expansion_signals.model.amounts import plain
from expansion_signals.model.instants import SECOND
from expansion_signals.rules.condition_text import condition_text
from expansion_signals.rules.pql import COOLDOWN, HALF_LIFE, HYSTERESIS
from expansion_signals.rules.spellings import duration_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.rules.pql import Criterion, PqlRule


def facets_of_pql(rule: PqlRule) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return when the rule fires, and its options that are not at their default."""
    return (f"a score of {rule.qualify_at}", *map(_line, rule.criteria)), tuple(_options(rule))


def document_of_pql(rule: PqlRule) -> Mapping[str, Any]:
    """Return the JSON of the rule: durations in seconds, what is not said is null."""
    return {
        "id": rule.id,
        "version": rule.version,
        "signal": "pql",
        "qualify_at": rule.qualify_at,
        "criteria": [
            {
                "id": criterion.id,
                "when": condition_text(criterion.when),
                "within": None if criterion.within is None else criterion.within // SECOND,
                "points": criterion.points,
            }
            for criterion in rule.criteria
        ],
        "half_life": rule.half_life // SECOND,
        "hysteresis": rule.hysteresis,
        "cooldown": rule.cooldown // SECOND,
        "tiers": {"A": rule.tiers.a, "B": rule.tiers.b},
        "disqualify_when": None if rule.disqualify_when is None else condition_text(rule.disqualify_when),
        "cap": None if rule.cap is None else f"{rule.cap.times} per {duration_text(rule.cap.within)}",
        "conditional": rule.when is not None,
        "shadow": rule.shadow,
        "holdout": None if rule.holdout is None else plain(rule.holdout),
    }


def _line(criterion: Criterion) -> str:
    within = "" if criterion.within is None else f" within {duration_text(criterion.within)}"
    return f"{criterion.points}: {condition_text(criterion.when)}{within}"


def _options(rule: PqlRule) -> Iterator[str]:
    if rule.half_life != HALF_LIFE:
        yield f"half after {duration_text(rule.half_life)}"
    if rule.hysteresis != HYSTERESIS:
        yield f"until {rule.hysteresis} below"
    if rule.cooldown != COOLDOWN:
        yield f"cooldown {duration_text(rule.cooldown)}"
    if rule.disqualify_when is not None:
        yield f"never when {condition_text(rule.disqualify_when)}"
    if rule.cap is not None:
        yield f"{rule.cap.times} per {duration_text(rule.cap.within)}"
    yield from restraints(rule)
