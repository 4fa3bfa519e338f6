"""What a signal or a trigger is about, in the words of rules.yaml: `80%`, `sso`, the id of an invite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELDS: Mapping[str, str] = {
    "limit.hit": "meter",
    "feature.attempted": "feature",
    "feature.gated": "feature",
    "seat_limit.invited": "invite",
    "usage.accelerated": "meter",
    "usage.declined": "meter",
    "usage.run_out_forecast": "meter",
    "volume.grown": "meter",
    "power_user.reached": "meter",
    "integration.connected": "integration",
    "admin_feature.requested": "feature",
    "interest.grown": "product",
    "product.requested": "product",
}
"""By type, the property of the data that tells one trigger of a rule from another; a type without one has none."""

_THRESHOLDS: Mapping[str, str] = {
    "percent": "{value}%",
    "usage": "{value}",
    "remaining": "{value} remaining",
    "step": "step {value}",
}


def subject_of(kind: str, data: Mapping[str, Any]) -> str:
    """Return what a signal or trigger of this type is about; of leads, what became of them: `qualified`."""
    if kind.startswith("pql."):
        return kind.removeprefix("pql.")
    threshold = data.get("threshold")
    if threshold is None:
        return str(data.get(_FIELDS.get(kind, "")) or "")
    written = _THRESHOLDS[threshold["kind"]].format(value=threshold["value"])
    dimension = data.get("dimension")
    return f"{written} of {dimension}" if dimension else written


def named(kind: str, data: Mapping[str, Any]) -> str:
    """Return the rule that found it and what it is about: `api-quota 80%`; some signals are found by no rule."""
    rule = data.get("rule")
    return f"{rule['id'] if rule else ''} {subject_of(kind, data)}".strip()
