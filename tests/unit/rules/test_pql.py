"""Rules that qualify leads, as they are read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import RejectedConfiguration
from expansion_signals.model.instants import DAY
from expansion_signals.rules.conditions import Comparison
from expansion_signals.rules.loading import load
from expansion_signals.rules.pql import Criterion, PqlRule, Tiers
from expansion_signals.rules.spellings import CapSpelling

if TYPE_CHECKING:
    from expansion_signals.rules.configuration import Configuration

CATALOG = """\
currency: USD
meters: {calls: {event: com.acme.called, aggregation: count}}
features: {calls: {meter: calls}}
plans: [{key: free, price: "0", includes: {calls: {limit: 1000}}}]
"""
CRITERIA = (
    "criteria: [{id: hits, when: limit_hits >= 3, within: 7d, points: 60}, {id: near, when: health > 90, points: 9}]"
)


def _load(options: str = "", policy: str = "") -> Configuration:
    rules = f"rules:\n  - {{id: pql, signal: pql, qualify_at: 50, {CRITERIA}{options}}}\n{policy}"
    return load({"catalog.yaml": CATALOG, "rules.yaml": rules})


def _rule(options: str = "", policy: str = "") -> PqlRule:
    (rule,) = _load(options, policy).pql_rules
    return rule


def _problems(options: str = "", policy: str = "") -> list[str]:
    with pytest.raises(RejectedConfiguration) as rejected:
        _load(options, policy)
    return [str(problem) for problem in rejected.value.problems]


def test_what_is_not_said_takes_its_default() -> None:
    rule = _rule()
    assert (rule.half_life, rule.hysteresis, rule.cooldown, rule.tiers, rule.disqualify_when) == (
        14 * DAY,
        10,
        30 * DAY,
        Tiers(85, 70),
        None,
    )


def test_a_rule_takes_its_options() -> None:
    rule = _rule(
        ", half_life: 7d, hysteresis: 5, cooldown: 10d, disqualify_when: health < 60, cap: 1 per 7d, holdout: 10%,"
        " shadow: true, when: plan = free"
    )
    assert (rule.half_life, rule.hysteresis, rule.cooldown) == (7 * DAY, 5, 10 * DAY)
    assert (rule.disqualify_when, rule.when) == (
        Comparison("health", "<", Decimal(60)),
        Comparison("plan", "==", "free"),
    )
    assert (rule.cap, rule.holdout, rule.shadow) == (CapSpelling(1, 7 * DAY), Decimal(10), True)


def test_a_criterion_has_a_window_where_it_says_one() -> None:
    assert _rule().criteria == (
        Criterion("hits", Comparison("limit_hits", ">=", Decimal(3)), 60, 7 * DAY),
        Criterion("near", Comparison("health", ">", Decimal(90)), 9),
    )


def test_a_rule_with_every_option_loads_without_a_warning() -> None:
    assert _load(", cap: 1 per 7d, cooldown: 9d, when: invites > 3 or health > 1").warnings == ()


def test_an_option_at_its_default_changes_no_version() -> None:
    assert _rule(", half_life: 14d, hysteresis: 10").version == _rule().version


def test_a_rule_that_is_left_out_qualifies_nobody() -> None:
    assert _load(", enabled: false").pql_rules == ()


def test_tiers_are_those_of_the_policy_each_at_its_default_where_it_says_nothing() -> None:
    assert _rule(policy="policy: {tiers: {A: 90}}\n").tiers == Tiers(90, 70)


def test_tiers_alone_are_a_policy_that_is_applied() -> None:
    assert _load(policy="policy: {tiers: {A: 90, B: 60}}\n").warnings == ()


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        (
            "{A: 70, B: 70}",
            "rules.yaml:3:17: expected tiers that fall, such as {A: 85, B: 70}; A begins at 70 and B at 70",
        ),
        ("{B: 90}", "rules.yaml:3:17: expected tiers that fall, such as {A: 85, B: 70}; A begins at 85 and B at 90"),
        ("{a: 85}", "rules.yaml:3:18: unknown tier `a`; expected one of `A`, `B`"),
        ("{A: 85, C: 40}", "rules.yaml:3:25: tier C begins at the `qualify_at` of each rule; leave it out"),
        ("{A: 85.5, B: 90}", "rules.yaml:3:21: expected a whole number, got `85.5`"),
    ],
)
def test_tiers_that_cannot_be_are_one_problem_at_their_place(tiers: str, problem: str) -> None:
    assert _problems(policy=f"policy: {{tiers: {tiers}}}\n") == [problem]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (", half_life: soon", "expected a duration such as 45s, 30m, 12h, 14d or 1w, got `soon`"),
        (", hysteresis: -1", "expected greater than or equal to 0, got `-1`"),
        (", disqualify_when: plan = fre", "unknown plan `fre`; did you mean `free`?"),
        (", disqualify_when: helth < 60", "unknown fact `helth` at character 1; did you mean `health`?"),
    ],
)
def test_a_mistake_in_an_option_is_said(options: str, problem: str) -> None:
    (found,) = _problems(options)
    assert found.endswith(problem)


@pytest.mark.parametrize(
    ("score", "tier"), [(85, "A"), (84, "B"), (70, "B"), (69, "C"), (50, "C"), (40, "C"), (100, "A")]
)
def test_a_tier_begins_at_its_score(score: int, tier: str) -> None:
    assert Tiers(85, 70).of(score) == tier
