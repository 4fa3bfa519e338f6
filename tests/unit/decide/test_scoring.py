"""Criteria and their points."""

from __future__ import annotations

import json
from typing import Any

import pytest

from expansion_signals.decide.qualification import Qualification
from expansion_signals.decide.scoring import criteria_document, folded, score_of
from expansion_signals.model.instants import DAY
from sample_leads import BEGIN, Lead, case, criterion, rule

HITS = {"limit_hits": "4"}


def document(lead: Lead, day: int = 0) -> dict[str, Any]:
    (one,) = criteria_document(lead.rule, lead.state, BEGIN + day * DAY)
    return one


@pytest.mark.parametrize(
    ("when", "facts", "met"),
    [
        ("limit_hits >= 3", {"limit_hits": "3"}, True),
        ("limit_hits >= 3", {"limit_hits": "2"}, False),
        ("usage_growth > 50%", {"usage_growth": "0.5"}, False),
        ("usage_growth > 50%", {"usage_growth": "0.5001"}, True),
        ("limit_hits >= 3", {}, False),
        ("not limit_hits >= 3", {}, False),
        ("utilization >= 80% and health >= 70", {"utilization": "0.8"}, True),
        ("utilization >= 80% and health >= 90", {"utilization": "0.8"}, False),
        ("plan = free and active_users >= 5", {"active_users": "5"}, True),
        ("plan = pro or active_users >= 5", {"active_users": "4"}, False),
        ("annual_value >= 1000 and account_age >= 30", {}, True),
    ],
)
def test_a_criterion_is_met_where_its_condition_is_true(when: str, facts: dict[str, str], *, met: bool) -> None:
    lead = Lead(rule(criterion(when)))
    profile = {"annual_value": {"amount": "1000", "currency": "USD"}, "first_purchase_at": "2026-10-23T00:00:00Z"}
    lead.take(case(facts, profile=profile))
    assert document(lead)["met"] is met


def test_health_that_is_not_known_meets_nothing() -> None:
    lead = Lead(rule(criterion("health >= 0")))
    assert lead.take(case(well=None)).score == 0


def test_a_criterion_looks_at_its_own_window() -> None:
    lead = Lead(rule(criterion("limit_hits >= 3", within=7 * DAY)))
    assert (lead.take(case(HITS)).score, lead.take(case(HITS, within=7 * DAY)).score) == (0, 60)


@pytest.mark.parametrize(("days", "left"), [(0, 40), (7, 28), (14, 20), (28, 10), (75, 1), (76, 1), (90, 0)])
def test_points_of_a_criterion_that_is_met_no_more_decay_from_when_it_was_last_seen(days: int, left: int) -> None:
    lead = Lead(rule(criterion("limit_hits >= 3", 40)))
    lead.take(case(HITS, seen=0))
    lead.take(case({"limit_hits": "0"}, day=days))
    assert document(lead, days)["decayed_points"] == left


def test_a_criterion_that_is_met_has_its_full_points_however_old_its_evidence() -> None:
    lead = Lead(rule(criterion("limit_hits >= 3", 40)))
    assert lead.take(case(HITS, day=20, seen=0)).score == 40


def test_points_decay_from_the_evidence_and_not_from_the_last_look() -> None:
    lead = Lead(rule(criterion("limit_hits >= 3", 40)))
    lead.take(case(HITS, day=13, seen=0))
    assert lead.take(case(day=14)).score == 20


def test_a_fact_of_the_moment_was_last_seen_when_it_was_looked_at() -> None:
    lead = Lead(rule(criterion("health >= 70", 40)))
    lead.take(case(day=13))
    assert lead.take(case(day=27, well=60)).score == 20


def test_a_criterion_never_met_has_no_points() -> None:
    lead = Lead()
    lead.take(case({"limit_hits": "2"}, day=3, seen=0))
    assert document(lead, 3) == {
        "id": "limit_hits >= 3",
        "met": False,
        "observed": "2",
        "required": ">= 3",
        "points": 60,
        "decayed_points": 0,
        "first_seen": None,
        "last_seen": None,
        "evidence": [],
    }


def test_a_criterion_tells_what_was_observed_and_what_it_asks() -> None:
    lead = Lead(rule(criterion("usage_growth > 50%", 25, name="growth")))
    lead.take(case({"usage_growth": "0.62"}, day=2, seen=1, evidence=("e-1", "e-9")))
    assert document(lead, 2) == {
        "id": "growth",
        "met": True,
        "observed": "0.62",
        "required": "> 50%",
        "points": 25,
        "decayed_points": 25,
        "first_seen": "2026-11-23T00:00:00Z",
        "last_seen": "2026-11-23T00:00:00Z",
        "evidence": ["e-1", "e-9"],
    }


@pytest.mark.parametrize(
    ("when", "facts", "observed"),
    [
        ("plan = free", {}, "free"),
        ("limit_hits >= 3", {}, None),
        ("limit_hits >= 3 and limit_hits < 9", {"limit_hits": "4"}, "4"),
        ("utilization >= 80% and health >= 70", {"utilization": "0.85"}, "utilization 0.85, health 80"),
        ("utilization >= 80% and health >= 70", {}, "health 80"),
        ("invites > 1 and limit_hits > 1", {}, None),
        ("days_to_renewal <= 90", {}, "30.5"),
        ("annual_value > 1", {}, "1234.5"),
    ],
)
def test_of_several_facts_each_is_told_with_its_name(when: str, facts: dict[str, str], observed: str | None) -> None:
    lead = Lead(rule(criterion(when)))
    profile = {"renewal_at": "2026-12-22T12:00:00Z", "annual_value": {"amount": "1234.50", "currency": "USD"}}
    lead.take(case(facts, profile=profile))
    assert document(lead)["observed"] == observed


def test_only_the_last_five_events_are_named() -> None:
    lead = Lead()
    lead.take(case(HITS, seen=0, evidence=tuple(f"e-{number}" for number in range(7))))
    assert document(lead)["evidence"] == ["e-2", "e-3", "e-4", "e-5", "e-6"]


def test_the_first_evidence_stays_the_first() -> None:
    lead = Lead()
    lead.take(case(HITS, day=1, seen=1, evidence=("e-1",)))
    lead.take(case(HITS, day=5, seen=5, evidence=("e-5",)))
    told = document(lead, 5)
    assert (told["first_seen"][:10], told["last_seen"][:10], told["evidence"]) == ("2026-11-23", "2026-11-27", ["e-5"])


def test_the_score_is_rounded_once() -> None:
    lead = Lead(rule(*(criterion("limit_hits >= 3", 25, name=name) for name in "abc")))
    lead.take(case(HITS, seen=0))
    judgement = lead.take(case(day=14))
    told = [each["decayed_points"] for each in criteria_document(lead.rule, lead.state, BEGIN + 14 * DAY)]
    # 3 * 12.5 are 37.5; each of them is told as 13
    assert (judgement.score, told) == (38, [13, 13, 13])


def test_a_criterion_that_the_rule_has_no_more_is_forgotten() -> None:
    lead = Lead(rule(criterion("limit_hits >= 3", name="old")))
    lead.take(case(HITS))
    assert list(folded(rule(criterion("limit_hits >= 3", name="new")), lead.state, case(day=1)).criteria) == ["new"]


def test_a_criterion_that_a_rule_takes_on_begins_at_nothing() -> None:
    assert score_of(rule(), Qualification(), BEGIN) == 0


def test_what_is_remembered_is_read_back_from_json() -> None:
    lead = Lead()
    lead.take(case(HITS, seen=0, evidence=("e-1",)))
    assert Qualification.read(json.loads(json.dumps(lead.state.document()))) == lead.state


def test_of_an_account_never_judged_nothing_is_remembered() -> None:
    assert Qualification.read({}) == Qualification()
