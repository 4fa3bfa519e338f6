"""What rules and leads ask of an account, beside what each knows by itself, and in which windows."""

from __future__ import annotations

import pytest

from expansion_signals.errors import RejectedConfiguration
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.rules.asked_facts import asked_facts, facts_beside
from expansion_signals.rules.conditions import FACTS, read_condition
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN
from expansion_signals.rules.loading import load

CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count, unit: call}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}}}
"""
HEALTH = {"usage_growth": {30 * DAY}, "active_users": {30 * DAY}, "features_used": {30 * DAY}}


def test_every_fact_with_a_window_is_one_of_the_language() -> None:
    assert set(FACTS) >= DEFAULT_WITHIN.keys()


@pytest.mark.parametrize(
    ("signal", "when", "facts"),
    [
        ("feature_gated", "plan = pro and account_age > 3", set()),
        ("feature_gated", "plan = pro or health > 50", {"health"}),
        ("feature_gated", "utilization > 80% and not invites < 3", {"utilization", "invites"}),
        ("limit_reached", "utilization > 80% and seats_used > 3", {"seats_used"}),
        ("milestone", "utilization > 80%", {"utilization"}),
        ("seat_limit_approached", "utilization > 80% or seats_used > 3 or invites > 1", {"invites"}),
    ],
)
def test_a_rule_asks_for_what_neither_its_profile_nor_what_it_looks_at_tells(
    signal: str, when: str, facts: set[str]
) -> None:
    assert facts_beside(signal, read_condition(when)) == facts


def test_a_rule_without_a_condition_asks_for_nothing() -> None:
    assert facts_beside("feature_gated", None) == frozenset()


@pytest.mark.parametrize(
    ("when", "counts", "looks", "seats"),
    [
        ("plan = free", False, False, False),
        ("limit_hits >= 3", True, False, False),
        ("usage_growth > 50%", True, True, False),
        ("utilization > 50%", True, True, False),
        ("seats_used > 3", False, False, True),
    ],
)
def test_only_what_is_asked_for_is_kept(when: str, *, counts: bool, looks: bool, seats: bool) -> None:
    asked = asked_facts([("feature_gated", read_condition(when))], ())
    assert (asked.counts, asked.looks, asked.seats) == (counts, looks, seats)


def test_a_condition_means_each_facts_own_window_and_a_criterion_its_own() -> None:
    conditions = [("feature_gated", read_condition("limit_hits > 1"))]
    asked = asked_facts(conditions, [(read_condition("limit_hits > 1"), 2 * HOUR)])
    assert asked.windows == HEALTH | {"limit_hits": {14 * DAY, 2 * HOUR}}


def test_a_lead_asks_for_what_its_health_hangs_on() -> None:
    asked = asked_facts([], [(read_condition("plan = free"), None)])
    assert (asked.windows, asked.standing) == (HEALTH, {"utilization", "seats_used"})


def test_readings_tell_of_what_criteria_name_each_fact_and_window_once() -> None:
    criteria = [
        (read_condition("limit_hits > 1 and plan = free and health > 50"), None),
        (read_condition("limit_hits > 5 or seats_used > 3"), 3 * DAY),
        (read_condition("limit_hits > 9"), 14 * DAY),
    ]
    assert asked_facts([], criteria).told == [
        ("limit_hits", 3 * DAY),
        ("limit_hits", 14 * DAY),
        ("seats_used", None),
    ]


def loaded(rule: str) -> object:
    return load({"catalog.yaml": CATALOG, "rules.yaml": f"rules:\n  - {rule}\n"})


PQL = (
    "{{id: pql, signal: pql, qualify_at: 5, {0}criteria: [{{id: a, when: invites > 1, points: 5}},"
    " {{id: b, when: usage_growth > 1, points: 5, within: {1}}}]}}"
)


def test_the_criteria_of_a_configuration_are_those_of_its_rules_with_their_windows() -> None:
    criteria = loaded(PQL.format("", "7d")).criteria  # type: ignore[attr-defined]
    assert criteria == ((read_condition("invites > 1"), None), (read_condition("usage_growth > 1"), 7 * DAY))


def test_the_condition_of_a_rule_of_leads_is_one_of_its_criteria() -> None:
    criteria = loaded(PQL.format("when: limit_hits > 1, ", "7d")).criteria  # type: ignore[attr-defined]
    assert criteria[0] == (read_condition("limit_hits > 1"), None)


def test_a_rule_that_is_left_out_asks_for_nothing() -> None:
    assert loaded(PQL.format("enabled: false, ", "7d")).criteria == ()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("within", "said"), [("32d", "at most 31d"), ("36h", "whole days")])
def test_a_window_of_growth_is_whole_days_of_which_twice_as_many_are_kept(within: str, said: str) -> None:
    with pytest.raises(RejectedConfiguration, match=said):
        loaded(PQL.format("", within))
