"""Every kind of signal, and what its triggers are: one table, which nothing else repeats (interfaces, Records out)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from expansion_signals.model.instants import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Duration

FamilyName = Literal["limit", "gate", "seat", "milestone", "trend", "pql", "retention"]
PromptFamily = Literal["limit_approaching", "limit_reached", "feature_discovery", "team_growth", "milestone"]


class Family(NamedTuple):
    """Triggers of one family: their topic, and how long each is worth acting on (semantics 7.7)."""

    name: FamilyName
    topic: str
    lasts: Duration


LIMIT = Family("limit", "expansion-limit-reached", 7 * DAY)
GATE = Family("gate", "expansion-feature-gated", 7 * DAY)
SEAT = Family("seat", "expansion-seat-limit", 24 * HOUR)
MILESTONE = Family("milestone", "expansion-usage-milestone", 7 * DAY)
TREND = Family("trend", "expansion-account-trend", 7 * DAY)
PQL = Family("pql", "expansion-pql", 30 * DAY)
RETENTION = Family("retention", "expansion-contraction-risk", 30 * DAY)

FAMILIES = (LIMIT, GATE, SEAT, MILESTONE, TREND, PQL, RETENTION)


class Kind(NamedTuple):
    """One kind of signal.

    `type` is its short name, `rule` the `signal` of the rules that find it. One that does not `fire` is on the signals
    topic only: nothing is decided on it. One that `crosses` lists the thresholds that it crossed, and has a key for
    each; every other has one key, its id. `prompt` is the family of its prompts where that is the same for all of them:
    those of limits and of seats approached depend on the threshold (semantics 7.3), and some are shown to nobody.
    """

    type: str
    rule: str
    family: Family
    fires: bool = True
    crosses: bool = False
    prompt: PromptFamily | None = None


_ALL = (
    Kind("limit.reached", "limit_reached", LIMIT, crosses=True),
    Kind("limit.recovered", "limit_reached", LIMIT, fires=False),
    Kind("limit.hit", "limit_hit", LIMIT, fires=False),
    Kind("feature.attempted", "feature_gated", GATE, fires=False),
    Kind("feature.gated", "feature_gated", GATE, prompt="feature_discovery"),
    Kind("seat_limit.approached", "seat_limit_approached", SEAT, crosses=True),
    Kind("seat_limit.invited", "seat_limit_invited", SEAT, prompt="team_growth"),
    Kind("seat_limit.last_taken", "seat_limit_last_taken", SEAT, prompt="team_growth"),
    Kind("milestone.reached", "milestone", MILESTONE, crosses=True, prompt="milestone"),
    Kind("usage.accelerated", "usage_accelerated", TREND),
    Kind("usage.run_out_forecast", "usage_run_out_forecast", TREND),
    Kind("volume.grown", "volume_grown", TREND),
    Kind("use_case.added", "use_case_added", TREND),
    Kind("integration.connected", "integration_connected", TREND),
    Kind("power_user.reached", "power_user_reached", TREND),
    Kind("admin_feature.requested", "admin_feature_requested", TREND),
    Kind("support_pattern.found", "support_pattern_found", TREND),
    Kind("interest.grown", "interest_grown", TREND),
    Kind("workflow_gap.found", "workflow_gap_found", TREND),
    Kind("product.requested", "product_requested", TREND),
    Kind("sharing.grown", "sharing_grown", TREND),
    Kind("team.grown", "team_grown", TREND),
    Kind("network.added", "network_added", TREND),
    Kind("region.added", "region_added", TREND),
    Kind("renewal.near", "renewal_near", TREND),
    Kind("pql.qualified", "pql", PQL),
    Kind("pql.disqualified", "pql", PQL),
    Kind("pql.score_changed", "pql", PQL),
    Kind("usage.declined", "usage_declined", RETENTION),
    Kind("cancel.requested", "cancel_requested", RETENTION),
)

KINDS: Mapping[str, Kind] = {kind.type: kind for kind in _ALL}
"""Every kind that a rule finds, by its type."""

TOLD = ("account.changed", "reading")
"""Types of signals that no rule asks for, on the signals topic only: they belong to no family."""
