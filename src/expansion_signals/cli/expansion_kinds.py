"""The kinds of expansion, and which signals are evidence of each (domain: Kinds of expansion)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

ExpansionKind = Literal["seats", "plan", "usage", "cross_sell", "renewal", "contraction", "leads"]

EXPANSION_KINDS: Mapping[ExpansionKind, tuple[str, ...]] = {
    "seats": (
        "seat_limit.approached",
        "seat_limit.invited",
        "seat_limit.last_taken",
        "team.grown",
        "sharing.grown",
        "network.added",
        "region.added",
    ),
    "plan": (
        "limit.reached",
        "limit.recovered",
        "limit.hit",
        "feature.attempted",
        "feature.gated",
        "power_user.reached",
        "admin_feature.requested",
        "support_pattern.found",
    ),
    "usage": (
        "usage.accelerated",
        "usage.run_out_forecast",
        "use_case.added",
        "volume.grown",
        "integration.connected",
        "milestone.reached",
    ),
    "cross_sell": ("interest.grown", "workflow_gap.found", "product.requested"),
    "renewal": ("renewal.near",),
    "contraction": ("usage.declined", "cancel.requested"),
    "leads": ("pql.qualified", "pql.disqualified", "pql.score_changed"),
}

KIND_OF: Mapping[str, ExpansionKind] = {kind: name for name, kinds in EXPANSION_KINDS.items() for kind in kinds}
"""The kind of expansion that a type of signal is evidence of."""
