"""What is another between two configurations, rule by rule, in words for a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.rules.configuration import Configuration


def differences(before: Configuration, after: Configuration) -> Iterator[str]:
    """Yield a line for each rule, plan, meter, feature and add-on that is new, gone or another, and for the policy."""
    yield from _of("rule", before.rule_versions, after.rule_versions)
    for kind in ("plan", "meter", "feature", "add_on"):
        old, new = (getattr(each.catalog, f"{kind}s") for each in (before, after))
        yield from _of(kind.replace("_", "-"), old, new)
    if before.catalog.currency != after.catalog.currency:
        yield f"currency: {before.catalog.currency} is now {after.catalog.currency}"
    if before.policy != after.policy:
        yield "policy: changed"


def _of(kind: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        if key not in before:
            yield f"{kind} {key}: new"
        elif key not in after:
            yield f"{kind} {key}: gone"
        elif before[key] != after[key]:
            yield f"{kind} {key}: changed"
