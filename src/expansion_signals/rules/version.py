"""Versions: a hash over what a rule or a configuration means, not over how it is written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expansion_signals.model.amounts import plain
from expansion_signals.model.thresholds import Threshold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.catalog import Catalog
    from expansion_signals.rules.rules_file import PolicyShape, RuleShape

VERSION_DIGITS = 8


def version_of(rule: RuleShape) -> str:
    """Return the first 8 hexadecimal digits of a hash over the rule's parsed values, thresholds sorted.

    An option at its default counts as left out, so a release that adds an option changes no version.
    """
    return _hash(_meaning(rule))[:VERSION_DIGITS]


def fingerprint_of(catalog: Catalog, rules: Sequence[RuleShape], policy: PolicyShape | None) -> str:
    """Return a hash over the meaning of both files; the order of plans is part of it, that of rules and keys is not."""
    meanings = {rule.id: _meaning(rule) for rule in rules}
    return _hash(
        {
            "catalog": asdict(catalog),
            "plans": list(catalog.plans),
            "first_features": _first_features(catalog),
            "rules": meanings,
            "policy": policy.model_dump(exclude_defaults=True) if policy else {},
        }
    )


def _first_features(catalog: Catalog) -> Mapping[str, str]:
    """Return by meter the feature whose limit is judged: where two share a meter, the order of the file decides."""
    first: dict[str, str] = {}
    for feature in catalog.features.values():
        if feature.meter is not None:
            first.setdefault(feature.meter, feature.key)
    return first


def _meaning(rule: RuleShape) -> dict[str, Any]:
    fields = type(rule).model_fields
    written = {name: getattr(rule, name) for name in fields if name != "enabled"}
    meaning = {
        name: value
        for name, value in written.items()
        if fields[name].is_required() or value != fields[name].get_default(call_default_factory=True)
    }
    if isinstance(meaning.get("at"), list):
        meaning["at"] = sorted(str(each) if isinstance(each, Threshold) else plain(each) for each in meaning["at"])
    return meaning


def _hash(meaning: object) -> str:
    text = json.dumps(_canonical(meaning), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:  # noqa: ANN401 -- any parsed value, to what JSON writes in one way only
    if isinstance(value, Decimal):
        return plain(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, _canonical(asdict(value))]
    if hasattr(value, "model_dump"):
        return _canonical(dict(value))
    if isinstance(value, dict):
        return {str(key): _canonical(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(each) for each in value]
    return value
