"""The shape of `rules.yaml`, as written: one shape for each signal, all with the options that every rule takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from expansion_signals.model.instants import HOUR
from expansion_signals.model.kinds import FamilyName  # noqa: TC001 -- pydantic reads the annotations
from expansion_signals.rules.conditions import When  # noqa: TC001 -- pydantic reads the annotations
from expansion_signals.rules.copy_templates import Language  # noqa: TC001 -- the same
from expansion_signals.rules.pql import HALF_LIFE, HYSTERESIS
from expansion_signals.rules.shapes import Shape
from expansion_signals.rules.spellings import (  # noqa: TC001 -- the same
    Amount,
    Cap,
    Clock,
    Kept,
    Lasting,
    Name,
    Selected,
    Share,
    Window,
)
from expansion_signals.rules.thresholds import At  # noqa: TC001 -- the same

if TYPE_CHECKING:
    from collections.abc import Mapping

_Count = Annotated[int, Field(ge=1)]
_Text = Annotated[str, Field(min_length=1)]
_Score = Annotated[int, Field(ge=0, le=1000)]


class QuietHoursShape(Shape):
    """`from` and `to` as times of day in the account's time zone; it may pass midnight."""

    start: Annotated[Clock, Field(alias="from")]
    to: Clock


class PolicyShape(Shape):
    """`policy`: what holds for all rules together (semantics 7.3, 7.7, 7.8)."""

    quiet_hours: QuietHoursShape | None = None
    account_cap: Cap | None = None
    session_cap: _Count | None = None
    route_borders: Annotated[list[Amount], Field(min_length=2, max_length=2)] | None = None
    tiers: dict[str, _Score] | None = None
    proration: Literal["second", "day"] = "second"
    cancel_pause: Kept | None = None
    attribution: Kept | None = None
    expires: dict[FamilyName, Kept] = Field(default_factory=dict)


class RulesShape(Shape):
    """The file as a whole; each rule is read on its own, so that one bad rule hides no other."""

    rules: list[Any]
    policy: PolicyShape | None = None


class CopyShape(Shape):
    """What to show, in one language: templates (`rules/copy_templates.py`)."""

    title: str | None = None
    body: str | None = None
    action: str | None = None
    dismiss: str | None = None


class RuleShape(Shape):
    """What every rule takes."""

    id: Name
    signal: str
    when: When | None = None
    enabled: bool = True
    shadow: bool = False
    fire_when_added: bool = False
    max_firing_age: Lasting = HOUR
    cooldown: Lasting | None = None
    cap: Cap | None = None
    copy_: Annotated[dict[Language, CopyShape] | None, Field(alias="copy")] = None
    holdout: Share | None = None


class LimitReachedShape(RuleShape):
    """`limit_reached`: thresholds on a meter."""

    meter: str
    at: Annotated[list[At], Field(min_length=1)]


class SeatLimitApproachedShape(RuleShape):
    """`seat_limit_approached`: thresholds on seats used."""

    at: Annotated[list[At], Field(min_length=1)]


class MilestoneShape(RuleShape):
    """`milestone`: amounts over the account's life."""

    meter: str
    at: Annotated[list[Amount], Field(min_length=1)]


class MeterTrendShape(RuleShape):
    """A trend of one meter, or of every meter it can be judged of."""

    meter: str | None = None
    within: Window | None = None


class FeatureGatedShape(RuleShape):
    """`feature_gated`: attempts on a locked feature; `*` is every feature.

    With `event`, attempts are the product's own events of this type that `where` selects, by whom `user` names.
    """

    feature: str
    event: _Text = ""
    where: dict[str, Selected] = Field(default_factory=dict)
    user: _Text = "user"
    attempts: _Count | None = None
    users: _Count | None = None
    within: Window | None = None


class EvidenceShape(RuleShape):
    """A number of events, of distinct users, in a window."""

    feature: str | None = None
    attempts: _Count | None = None
    users: _Count | None = None
    within: Window | None = None


class PowerUserShape(EvidenceShape):
    """`power_user_reached`: of one meter, or of every meter it can be judged of."""

    meter: str | None = None


class RenewalNearShape(EvidenceShape):
    """`renewal_near`: it looks ahead, so its window is not bounded by what is kept."""

    within: Lasting | None = None


class CriterionShape(Shape):
    """One reason why an account qualifies."""

    id: Name
    when: When
    within: Window | None = None
    points: _Score


class PqlShape(RuleShape):
    """`pql`: criteria that add up to a score."""

    qualify_at: _Score
    criteria: Annotated[list[CriterionShape], Field(min_length=1)]
    half_life: Lasting = HALF_LIFE
    hysteresis: _Score = HYSTERESIS
    disqualify_when: When | None = None


SHAPES: Mapping[str, type[RuleShape]] = {
    "limit_reached": LimitReachedShape,
    "limit_hit": MeterTrendShape,
    "feature_gated": FeatureGatedShape,
    "seat_limit_approached": SeatLimitApproachedShape,
    "seat_limit_invited": RuleShape,
    "seat_limit_last_taken": RuleShape,
    "milestone": MilestoneShape,
    **dict.fromkeys(("usage_accelerated", "usage_declined", "usage_run_out_forecast", "volume_grown"), MeterTrendShape),
    **dict.fromkeys(
        (
            "use_case_added",
            "admin_feature_requested",
            "support_pattern_found",
            "workflow_gap_found",
            "product_requested",
            "network_added",
            "interest_grown",
            "sharing_grown",
            "team_grown",
            "region_added",
            "integration_connected",
        ),
        EvidenceShape,
    ),
    "power_user_reached": PowerUserShape,
    "renewal_near": RenewalNearShape,
    "cancel_requested": RuleShape,
    "pql": PqlShape,
}
"""The shape of a rule by its signal: every signal of the language."""
