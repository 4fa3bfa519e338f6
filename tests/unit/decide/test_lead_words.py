"""Why an account is a lead, in words."""

from __future__ import annotations

import pytest

from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.rules.conditions import FACTS
from sample_leads import Lead, case, criterion, rule

VALUES = {"usage_growth": "0.62", "utilization": "0.85"}
PROFILE = {
    "annual_value": {"amount": "12000", "currency": "USD"},
    "first_purchase_at": "2025-11-22T00:00:00Z",
    "renewal_at": "2026-12-22T12:00:00Z",
}


def said(when: str, within: int | None = None, **facts: str) -> str:
    lead = Lead(rule(criterion(when, within=within)))
    publication = lead.take(case(facts, within=within, profile=PROFILE)).publication
    assert publication is not None
    return publication.why.partition(". Score")[0]


def test_a_lead_is_told_in_one_sentence_with_its_score_and_tier() -> None:
    lead = Lead(
        rule(
            criterion("usage_growth > 50%", 25),
            criterion("limit_hits >= 3", 35),
            criterion("active_users >= 5", 15),
            criterion("invites >= 9", 9),
        )
    )
    facts = {"usage_growth": "0.62", "limit_hits": "4", "active_users": "5", "invites": "2"}
    publication = lead.take(case(facts)).publication
    assert publication is not None
    assert publication.why == (
        "Usage grew 62 % in 30 days, a limit was hit 4 times in 14 days and 5 people were active in 30 days. "
        "Score 75, tier B."
    )


@pytest.mark.parametrize(
    ("when", "facts", "sentence"),
    [
        ("usage_growth < 0", {"usage_growth": "-0.305"}, "Usage fell 31 % in 30 days"),
        ("limit_hits >= 1", {"limit_hits": "1"}, "A limit was hit once in 14 days"),
        ("features_used > 9", {"features_used": "12"}, "12 features were used in 30 days"),
        ("next_plan_features > 1", {"next_plan_features": "2"}, "2 features of the next plan were used in 30 days"),
        ("gated_attempts > 1", {"gated_attempts": "3"}, "Locked features were tried 3 times in 14 days"),
        ("gated_users > 1", {"gated_users": "2"}, "2 people tried locked features in 14 days"),
        ("invites >= 4", {"invites": "1234"}, "1,234 invites were sent in 7 days"),
        ("utilization >= 80%", {"utilization": "0.8"}, "80 % of a limit is used"),
        ("seats_used >= 9", {"seats_used": "9"}, "9 seats are taken"),
        ("health >= 70", {}, "Health is 80"),
        ("plan = free", {}, "The plan is free"),
        ("annual_value > 1", {}, "The contract is worth 12,000 a year"),
        ("account_age > 1", {}, "The account is 365 days old"),
        ("days_to_renewal < 90", {}, "The renewal is 30 days away"),
        ("health >= 70 and utilization >= 80%", {"utilization": "0.8"}, "Health is 80 and 80 % of a limit is used"),
        ("invites > 9 or limit_hits > 1", {"invites": "1", "limit_hits": "2"}, "A limit was hit 2 times in 14 days"),
        ("not (plan = pro or invites > 9)", {"invites": "1"}, "The plan is free and 1 invite was sent in 7 days"),
        ("invites > 1 and invites < 9", {"invites": "4"}, "4 invites were sent in 7 days"),
    ],
)
def test_each_fact_that_speaks_for_the_lead_has_its_words(when: str, facts: dict[str, str], sentence: str) -> None:
    assert said(when, **facts) == sentence


@pytest.mark.parametrize(("within", "words"), [(DAY, "1 day"), (36 * HOUR, "36 hours"), (60 * DAY, "60 days")])
def test_the_window_is_that_of_the_criterion(within: int, words: str) -> None:
    assert said("limit_hits >= 3", within, limit_hits="4") == f"A limit was hit 4 times in {words}"


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_of_the_language_has_words(fact: str) -> None:
    comparison = "plan = free" if fact == "plan" else f"{fact} > 0"
    assert said(comparison, **{fact: VALUES.get(fact, "7")})


def test_a_lead_by_what_was_seen_before_says_so() -> None:
    lead = Lead()
    lead.take(case({"limit_hits": "4"}, seen=0, well=40))
    publication = lead.take(case(day=3)).publication
    assert publication is not None
    assert publication.why == "Nothing new; what was seen before still counts. Score 52, tier C."


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        ({"well": 42}, "Health is 42, at risk: no lead any more. Score 60."),
        ({"cancel_pending": True}, "A cancellation was asked for: no lead any more. Score 60."),
        ({"profile": {"status": "past_due"}}, "The account is past due: no lead any more. Score 60."),
        ({"profile": {"plan": "pro"}}, "Ruled out by plan == pro: no lead any more. Score 60."),
    ],
)
def test_what_speaks_against_a_lead_is_said(reading: dict[str, object], why: str) -> None:
    lead = Lead(rule(disqualify_when="plan = pro"))
    lead.take(case({"limit_hits": "4"}))
    publication = lead.take(case({"limit_hits": "4"}, day=1, **reading)).publication
    assert publication is not None
    assert publication.why == why
