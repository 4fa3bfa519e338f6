"""What a template may name: the fields of each signal that copy is filled with (`decide/copy_values.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERY = ("account", "user", "plan", "why")
"""Fields of every signal."""

OFFER = ("offer", "price", "charge_now", "gain")
"""Fields of the recommendation: they have values where there is one."""

_SEATS = ("used", "pending", "allowance")
_COUNTED_DAYS = ("usage", "previous", "growth", "unit", "meter", "window")

_OWN: Mapping[str, tuple[str, ...]] = {
    "limit_reached": (
        "usage",
        "limit",
        "remaining",
        "overage",
        "percent",
        "unit",
        "meter",
        "feature",
        "period_end",
    ),
    "limit_hit": ("meter", "feature"),
    "feature_gated": ("feature", "attempts", "users", "window"),
    "seat_limit_approached": (*_SEATS, "remaining", "percent"),
    "seat_limit_invited": (*_SEATS, "percent", "invites"),
    "seat_limit_last_taken": (*_SEATS, "percent"),
    "milestone": ("milestone", "usage", "unit", "meter"),
    "usage_accelerated": _COUNTED_DAYS,
    "usage_declined": _COUNTED_DAYS,
    "volume_grown": _COUNTED_DAYS,
    "usage_run_out_forecast": (
        "usage",
        "limit",
        "remaining",
        "percent",
        "unit",
        "meter",
        "feature",
        "runs_out_at",
        "days_left",
        "per_day",
        "period_end",
    ),
    "use_case_added": ("count", "features", "window"),
    "integration_connected": ("integration",),
    "power_user_reached": ("usage", "unit", "meter", "percentile", "at_least", "accounts"),
    "admin_feature_requested": ("feature",),
    "support_pattern_found": ("events", "features", "window"),
    "interest_grown": ("product", "events", "users", "window"),
    "workflow_gap_found": ("events", "users", "destinations", "window"),
    "product_requested": ("product",),
    "sharing_grown": ("events", "users", "window"),
    "team_grown": ("events", "previous", "users", "window"),
    "network_added": ("count", "networks", "window"),
    "region_added": ("count", "values", "window"),
    "renewal_near": ("renewal_at", "days_to_renewal", "meter", "percent"),
    "cancel_requested": ("reason",),
    "pql": ("score", "tier", "criteria"),
}

FIELDS: Mapping[str, tuple[str, ...]] = {signal: (*own, *EVERY, *OFFER) for signal, own in _OWN.items()}
"""The fields by the `signal` of a rule."""
