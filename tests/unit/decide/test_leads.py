"""What a reading makes of leads, once it is judged what speaks against them (`qualifying` has what they are)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from decided_account import FREE, DecidedAccount, changed, decisions, level, reading, triggers
from expansion_signals.decide.cases import Mutes
from expansion_signals.model.instants import DAY, HOUR, format_instant, parse_instant
from sample_signals import NOW, gated

if TYPE_CHECKING:
    from expansion_signals.model.decisions import Decision
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.triggers import Trigger


def rules(options: str = "") -> str:
    criterion = "{id: hits, when: limit_hits >= 3, points: 60}"
    return f"rules: [{{id: leads, signal: pql, qualify_at: 50, half_life: 1d, criteria: [{criterion}]{options}}}]\n"


def seen(hits: int, hours: int = 0, profile: dict[str, Any] | None = None, **told: Any) -> Signal:  # noqa: ANN401 -- parts of JSON
    """Return a reading so many hours later that tells of so many hits, the last one just then."""
    moment = format_instant(NOW + hours * HOUR)
    fact = {"fact": "limit_hits", "within": "14d", "observed": str(hits), "evidence": ["e-1"]}
    content = {"facts": [fact | {"first_seen": moment, "last_seen": moment}], "account": {**FREE, **(profile or {})}}
    return reading(NOW + hours * HOUR, **content | told)


def qualified(options: str = "") -> DecidedAccount:
    """Return an account that is a lead."""
    account = DecidedAccount(rules=rules(options))
    account.hear(seen(3))
    return account


def lead(account: DecidedAccount, asked: Signal) -> tuple[Trigger, Decision]:
    published = account.hear(asked)
    (trigger,), (decision,) = triggers(published), decisions(published)
    return trigger, decision


@pytest.fixture
def account() -> DecidedAccount:
    return DecidedAccount(rules=rules())


# ------------------------------------------------------------------------------------------ it is published


def test_a_lead_is_published_with_its_decision(account: DecidedAccount) -> None:
    trigger, decision = lead(account, seen(3))
    assert (trigger.type, decision.decision, decision.trigger) == ("pql.qualified", "fired", trigger.id)


def test_the_decision_of_a_lead_names_the_reading_by_which_it_was_found(account: DecidedAccount) -> None:
    asked = seen(3)
    assert lead(account, asked)[1].signal == asked.id


def test_a_lead_is_for_nobody_inside_the_account(account: DecidedAccount) -> None:
    trigger, _ = lead(account, seen(3, user="u-42", session="s-9"))
    assert [trigger.data[name] for name in ("user", "session", "prompt")] == [None, None, None]


def test_a_lead_says_what_to_offer_and_who_acts(account: DecidedAccount) -> None:
    trigger, _ = lead(account, seen(3, profile={"annual_value": {"amount": "5000", "currency": "USD"}}))
    assert (trigger.data["recommendation"]["to"], trigger.data["route"]["to"]) == ("pro", "assisted")


def test_who_has_opted_out_is_no_reason_against_a_lead(account: DecidedAccount) -> None:
    assert account.told(seen(3, profile={"opted_out": ["u-42"]}, user="u-42")) == ["fired"]


def test_the_same_reading_again_publishes_nothing(account: DecidedAccount) -> None:
    account.hear(seen(3))
    assert account.hear(seen(3)) == []


def test_an_account_of_which_no_criterion_was_ever_met_needs_no_memory(account: DecidedAccount) -> None:
    assert (account.hear(seen(2)), account.remembered.leads) == ([], {})


def test_a_reading_without_a_profile_judges_no_lead(account: DecidedAccount) -> None:
    assert account.hear(seen(3, account=None)) == []


@pytest.mark.parametrize("told", [{"reason": "hold_ended"}, {"gone": ["i-1"]}, {"cancel_requested": True}])
def test_a_reading_that_tells_no_facts_ends_no_lead(told: dict[str, Any]) -> None:
    assert qualified().hear(reading(NOW + 9 * DAY, **told)) == []


# -------------------------------------------------------------------------- utilization between two looks


NEAR = (
    "rules: [{id: leads, signal: pql, qualify_at: 50, half_life: 1d, criteria: ["
    "{id: near, when: utilization >= 80%, points: 30}, {id: hits, when: limit_hits >= 3, points: 30}]}]\n"
)


def used(part: str | None, hours: int, reason: str = "evidence", hits: int = 0, **told: Any) -> Signal:  # noqa: ANN401 -- parts of JSON
    """Return a reading so many hours later that tells of this utilization and of so many hits."""
    facts = [
        {"fact": "utilization", "within": None, "observed": part},
        {"fact": "limit_hits", "within": "14d", "observed": str(hits)},
    ]
    return reading(NOW + hours * HOUR, reason, facts=facts, **told)


def met(trigger: Trigger) -> dict[str, bool]:
    return {each["id"]: each["met"] for each in trigger.data["criteria"]}


def test_what_a_level_told_stands_where_an_event_tells_what_the_last_look_found() -> None:
    account = DecidedAccount(rules=NEAR)
    account.hear(used("0.85", 0, levels=[level("850")]))
    trigger, _ = lead(account, used("0.1", 1, hits=3))
    assert (trigger.data["score"], met(trigger)) == (60, {"near": True, "hits": True})


def test_it_stands_until_the_next_look_at_a_day() -> None:
    account = DecidedAccount(rules=NEAR)
    account.hear(used("0.85", 0, levels=[level("850")]))
    account.hear(used("0.1", 24, "daily"))
    assert account.hear(used("0.1", 96, hits=3)) == []


def test_it_stands_until_its_period_ends() -> None:
    account = DecidedAccount(rules=NEAR)
    account.hear(used("0.85", 0, levels=[level("850")]))
    hours = (parse_instant("2026-11-28T00:00:00Z") - NOW) // HOUR + 1
    trigger = triggers(account.hear(used("0.1", hours, hits=3)))
    assert [met(each)["near"] for each in trigger] in ([], [False])
    assert account.remembered.leads["leads"]["state"]["criteria"]["near"]["met"] is False


def test_a_new_plan_ends_it() -> None:
    account = DecidedAccount(rules=NEAR)
    account.hear(used("0.85", 0, levels=[level("850")]))
    account.hear(changed(FREE, {**FREE, "version": 9, "plan": "pro"}))
    assert account.remembered.used is None


# ------------------------------------------------------------------------------------------- what comes then


def test_a_change_of_the_score_is_told_with_the_one_before() -> None:
    trigger, _ = lead(qualified(), seen(0, hours=12))
    assert (trigger.type, trigger.data["previous_score"], trigger.data["score"]) == ("pql.score_changed", 60, 42)


def test_a_lead_that_has_faded_is_disqualified() -> None:
    trigger, _ = lead(qualified(), seen(0, hours=48))
    assert (trigger.type, trigger.data["disqualified_by"]) == ("pql.disqualified", "score")


@pytest.mark.parametrize(
    ("profile", "by"),
    [({"status": "paused"}, "account_status"), ({"open_opportunity": True}, None)],
)
def test_what_disqualifies_a_lead_is_told_and_what_only_silences_one_is_not(
    profile: dict[str, Any], by: str | None
) -> None:
    found = triggers(qualified().hear(seen(3, hours=1, profile=profile)))
    assert [each.data["disqualified_by"] for each in found] == ([by] if by else [])


def test_a_request_to_cancel_disqualifies_a_lead() -> None:
    account = qualified()
    account.hear(gated(kind="cancel.requested", time=NOW + HOUR))
    trigger, _ = lead(account, seen(3, hours=2))
    assert trigger.data["disqualified_by"] == "cancel_pending"


def test_news_of_a_lead_are_told_whatever_would_silence_a_new_one() -> None:
    changed = qualified().told(seen(0, hours=12, profile={"open_opportunity": True}))
    assert changed == ["fired"]


# --------------------------------------------------------------------------------------- it is suppressed


OPPORTUNITY = {"open_opportunity": True}


def test_an_open_opportunity_suppresses_a_lead(account: DecidedAccount) -> None:
    assert account.told(seen(3, profile=OPPORTUNITY)) == ["suppressed open_opportunity"]


def test_a_lead_that_was_suppressed_is_published_once_nothing_speaks_against_it(account: DecidedAccount) -> None:
    account.hear(seen(3, profile=OPPORTUNITY))
    assert account.told(seen(3, hours=1)) == ["fired"]


def test_a_lead_that_was_suppressed_has_the_id_it_would_have_had(account: DecidedAccount) -> None:
    (suppressed,) = decisions(account.hear(seen(3, profile=OPPORTUNITY)))
    assert lead(account, seen(3, hours=1))[0].id == suppressed.trigger


@pytest.mark.parametrize(
    ("hours", "profile", "expected"),
    [
        (1, OPPORTUNITY, []),
        (24, OPPORTUNITY, ["suppressed open_opportunity"]),
        (1, {**OPPORTUNITY, "plan": "enterprise"}, ["suppressed plan_cannot_grow"]),
    ],
    ids=["the same day", "the next day", "for another reason"],
)
def test_it_is_decided_once_a_day_or_for_other_reasons(
    account: DecidedAccount, hours: int, profile: dict[str, Any], expected: list[str]
) -> None:
    account.hear(seen(3, profile=OPPORTUNITY))
    assert account.told(seen(3, hours=hours, profile=profile)) == expected


def test_a_lead_that_was_not_sent_is_not_disqualified_when_it_fades(account: DecidedAccount) -> None:
    account.hear(seen(3, profile=OPPORTUNITY))
    assert account.hear(seen(0, hours=48)) == []


def test_a_cap_holds_back_the_second_lead_of_a_rule() -> None:
    account = qualified(", cooldown: 1h, cap: 1 per 30d")
    account.hear(seen(0, hours=48))
    assert account.told(seen(3, hours=72)) == ["suppressed rule_cap"]


def test_health_that_is_at_risk_lets_no_lead_through(account: DecidedAccount) -> None:
    unwell = {"daily_active": 0, "monthly_active": 9, "active_days": 1, "history_days": 40}
    assert account.hear(seen(3, health_inputs=unwell)) == []
    assert account.remembered.health is not None
    assert account.remembered.health["band"] == "at_risk"


def test_health_that_is_not_known_any_more_is_forgotten(account: DecidedAccount) -> None:
    account.hear(seen(0, health_inputs={"daily_active": 0, "monthly_active": 9, "history_days": 40}))
    account.hear(seen(0, hours=1))
    assert account.remembered.health is None


# ------------------------------------------------------------------------------ muted, held out, tried out


MUTED = Mutes({("leads", None): NOW + HOUR})


def test_a_muted_lead_is_found_again_once_the_rule_may_speak() -> None:
    account = DecidedAccount(rules=rules(), mutes=MUTED)
    assert [account.told(seen(3)), account.told(seen(3, hours=1))] == [["suppressed muted"], ["fired"]]


def test_the_end_of_a_lead_waits_until_its_rule_may_speak() -> None:
    account = qualified()
    account.mutes = Mutes({("leads", None): NOW + 49 * HOUR})
    assert [account.told(seen(0, hours=48)), account.told(seen(0, hours=49))] == [["suppressed muted"], ["fired"]]


def test_a_lead_that_is_held_out_is_decided_once_and_never_sent() -> None:
    account = DecidedAccount(rules=rules(", holdout: 100%"))
    assert [account.told(seen(3, hours=hours)) for hours in (0, 1, 25)] == [["suppressed holdout"], [], []]


def test_the_end_of_a_lead_that_is_held_out_is_not_sent_either() -> None:
    account = DecidedAccount(rules=rules(", holdout: 100%"))
    account.hear(seen(3))
    assert account.told(seen(0, hours=48)) == ["suppressed holdout"]


def test_a_rule_that_is_tried_out_publishes_apart_and_decides_nothing() -> None:
    account = DecidedAccount(rules=rules(", shadow: true"))
    published = account.hear(seen(3, profile=OPPORTUNITY))
    assert ([each.shadow for each in triggers(published)], decisions(published)) == ([True], [])


def test_a_lead_that_is_tried_out_is_told_once() -> None:
    account = DecidedAccount(rules=rules(", shadow: true"))
    account.hear(seen(3))
    assert account.hear(seen(3, hours=1)) == []


# ------------------------------------------------------------------------------------------- several rules


def test_each_rule_has_leads_of_its_own() -> None:
    other = rules().replace("rules: [", "").replace("]\n", "").replace("id: leads", "id: others")
    account = DecidedAccount(rules=rules().replace("]\n", f", {other}]\n"))
    assert [each.data["rule"]["id"] for each in triggers(account.hear(seen(3)))] == ["leads", "others"]


def test_a_lead_is_withdrawn_when_the_account_has_bought() -> None:
    account = qualified()
    bought = changed(FREE, {"version": 8, "plan": "pro"}, NOW + HOUR)
    assert account.told(bought) == ["upgrade free pro", "withdrawn upgraded"]
