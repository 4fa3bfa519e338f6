"""The pipeline that users test their rules with: what it is told, what it tells, and what it refuses."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import RejectedConfiguration, RejectedRecord, RejectedRehearsal
from expansion_signals.testing import Pipeline
from small_product import RULES, configured, pipeline_in

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = "com.acme.project.created"


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    pipeline = pipeline_in(tmp_path)
    pipeline.account_updated("acct-1", plan="free")
    return pipeline


def test_a_trigger_is_named_by_its_rule_and_its_threshold(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=800)
    assert pipeline.fired("acct-1") == ["api-quota 80%"]


def test_a_step_is_named_by_where_it_stands(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=1700)
    assert pipeline.fired("acct-1") == ["api-quota step 1500"]


def test_a_gate_is_named_by_its_feature_and_a_seat_by_its_invite(pipeline: Pipeline) -> None:
    for user in ("ada", "bob"):
        pipeline.feature_attempted("acct-1", feature="sso", user=user)
    pipeline.seat_invited("acct-1", invite="i-1", user="ada", blocked=True)
    assert pipeline.fired("acct-1") == ["gates sso", "seat-invite i-1"]


def test_a_trigger_is_one_as_the_sdk_hands_it_out(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=800, user="ada")
    [trigger] = pipeline.triggers("acct-1")
    trigger.done()
    assert (trigger.type, trigger.data.user, trigger.data.recommendation.to) == ("limit.reached", "ada", "pro")


def test_a_decimal_is_counted_exactly(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=Decimal("799.9"))
    pipeline.usage("acct-1", meter="api_calls", value="0.1")
    assert [trigger.data.usage for trigger in pipeline.triggers("acct-1")] == ["800"]


def test_a_shadow_rule_fires_nothing_and_tells_what_it_would_have(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=1300)
    assert (pipeline.fired(rule="few-left"), [each.data.why for each in pipeline.shadowed()]) == (
        [],
        ["1,300 of 1,000 calls used (130 %), 300 over the limit, with 31 days of the period left"],
    )


def test_what_was_held_back_is_a_decision_with_its_reason(pipeline: Pipeline) -> None:
    pipeline.account_updated("acct-1", plan="free", status="paused")
    pipeline.usage("acct-1", meter="api_calls", value=800)
    [decision] = pipeline.decisions("acct-1", rule="api-quota")
    assert (str(decision), decision.about) == ("api-quota 80% suppressed: account_status", "80%")


def test_what_is_superseded_is_about_its_own_invite(pipeline: Pipeline) -> None:
    for invite in ("i-1", "i-2"):
        pipeline.seat_invited("acct-1", invite=invite, user="ada", blocked=True)
    assert pipeline.decided("acct-1") == ["seat-invite i-1 fired", "seat-invite i-2 superseded: burst"]


def test_what_fired_is_a_decision_too(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=800)
    assert pipeline.decided("acct-1") == ["api-quota 80% fired"]


def test_an_upgrade_is_an_outcome_and_withdraws_what_it_solves(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=800)
    pipeline.account_updated("acct-1", plan="pro")
    [trigger], [withdrawal], [outcome] = pipeline.triggers(), pipeline.withdrawals(), pipeline.outcomes()
    assert (withdrawal.data.trigger, outcome.data.trigger) == (trigger.id, trigger.id)


def test_the_evidence_of_a_rule_is_a_signal(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=800)
    assert [signal.type for signal in pipeline.signals("acct-1", rule="api-quota")] == ["limit.reached"]


def test_three_dismissals_are_told_by_the_ids_of_triggers(pipeline: Pipeline) -> None:
    pipeline.advance(days=20)
    for value in (800, -400, 400, -400, 400):
        pipeline.usage("acct-1", meter="api_calls", value=value, user="ada")
    for trigger in pipeline.triggers("acct-1"):
        pipeline.prompt_dismissed("acct-1", trigger=trigger.id, user="ada")
    pipeline.at("2026-02-01T00:00:00Z")
    pipeline.usage("acct-1", meter="api_calls", value=810, user="ada")
    assert pipeline.decided("acct-1", rule="api-quota")[-1] == "api-quota 80% suppressed: dismissed"


def test_events_happen_when_the_clock_says(pipeline: Pipeline) -> None:
    pipeline.at("2026-01-15T12:00:00+01:00")
    pipeline.usage("acct-1", meter="api_calls", value=800)
    assert [trigger.time for trigger in pipeline.triggers()] == [datetime(2026, 1, 15, 11, tzinfo=UTC)]


def test_the_clock_goes_on_by_what_it_is_told(pipeline: Pipeline) -> None:
    pipeline.advance(weeks=1, days=2, hours=3, minutes=4, seconds=5.5)
    assert pipeline.now == datetime(2026, 1, 10, 3, 4, 5, 500_000, tzinfo=UTC)


def test_before_the_first_event_the_clock_may_be_set_back(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.at(datetime(2024, 2, 29, tzinfo=UTC))
    pipeline.account_updated("acct-1", plan="free")
    assert repr(pipeline) == "<Pipeline at 2024-02-29T00:00:00Z>"


def test_a_new_period_arms_what_fired(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=800)
    pipeline.at("2026-02-01T00:00:00Z")
    pipeline.usage("acct-1", meter="api_calls", value=800)
    assert pipeline.fired("acct-1") == ["api-quota 80%", "api-quota 80%"]


def test_days_that_pass_are_judged_when_they_have_closed(pipeline: Pipeline) -> None:
    for day in range(17):
        pipeline.usage("acct-1", meter="api_calls", value=20 if day < 10 else 40)
        pipeline.advance(days=1)
    assert pipeline.fired("acct-1", rule="growing")[0] == "growing api_calls"


def test_a_late_event_counts_and_fires_nothing(pipeline: Pipeline) -> None:
    pipeline.advance(days=1)
    pipeline.usage("acct-1", meter="api_calls", value=800, time=pipeline.now - timedelta(hours=2))
    assert pipeline.decided("acct-1") == ["api-quota 80% already_past: too_old_to_fire"]


def test_acceptance_says_how_old_an_event_may_be(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path, acceptance=timedelta(days=35))
    pipeline.account_updated("acct-1", plan="free")
    pipeline.usage("acct-1", meter="api_calls", value=1, time="2025-12-01T00:00:00Z")
    assert pipeline.dead_letters() == []


def test_an_event_of_the_same_id_is_counted_once(pipeline: Pipeline) -> None:
    for _ in range(2):
        pipeline.usage("acct-1", meter="api_calls", value=400, id="e-1")
    assert pipeline.fired("acct-1") == []


def test_an_account_update_goes_by_the_next_version(pipeline: Pipeline) -> None:
    pipeline.account_updated("acct-1", plan="pro", version=7)
    pipeline.account_updated("acct-1", plan="free")
    pipeline.usage("acct-1", meter="api_calls", value=800)
    assert pipeline.fired("acct-1") == ["api-quota 80%"]


def test_an_account_update_may_be_of_an_earlier_time(pipeline: Pipeline) -> None:
    pipeline.advance(days=1)
    pipeline.account_updated("acct-1", plan="pro", time="2026-01-01T12:00:00Z")
    assert [outcome.time for outcome in pipeline.outcomes()] == [datetime(2026, 1, 1, 12, tzinfo=UTC)]


def test_accounts_are_told_apart(pipeline: Pipeline) -> None:
    pipeline.account_updated("acct-2", plan="free")
    pipeline.usage("acct-2", meter="api_calls", value=800)
    assert (pipeline.fired("acct-1"), pipeline.fired()) == ([], ["api-quota 80%"])


def test_day_totals_are_imported(pipeline: Pipeline) -> None:
    pipeline.at("2026-01-20T00:00:00Z")
    pipeline.usage_imported("acct-1", meter="api_calls", day="2026-01-10", value=900)
    assert pipeline.decided("acct-1") == ["api-quota 80% already_past: backfill"]


def test_it_runs_where_an_event_loop_runs_already(pipeline: Pipeline) -> None:
    async def used() -> None:
        pipeline.usage("acct-1", meter="api_calls", value=800)

    asyncio.run(used())
    assert pipeline.fired("acct-1") == ["api-quota 80%"]


def test_a_dead_letter_is_raised_with_its_cause(pipeline: Pipeline) -> None:
    with pytest.raises(RejectedRecord, match="dead letter, precision: value"):
        pipeline.usage("acct-1", meter="api_calls", value="0.25")


def test_a_dead_letter_that_was_meant_can_be_looked_at(pipeline: Pipeline) -> None:
    with pytest.raises(RejectedRecord):
        pipeline.usage("acct-1", meter="api_calls", value="many")
    assert [(letter.account, letter.code) for letter in pipeline.dead_letters("acct-1")] == [("acct-1", "invalid_data")]


REFUSED = {
    "an event that nothing names": (lambda each: each.event("acct-1", "com.acme.opened"), "names com.acme.opened"),
    "a meter that nothing names": (lambda each: each.usage("acct-1", meter="api_call", value=1), "'api_call'"),
    "a property that no profile has": (
        lambda each: each.account_updated("acct-1", plan="free", member=["ada"]),
        "account.updated.v1 has no 'member'; beside its data it takes session, time",
    ),
    "a property that no event has": (
        lambda each: each.usage("acct-1", meter="api_calls", value=1, usr="ada"),
        "usage.recorded.v1 has no 'usr'; beside its data it takes session, time",
    ),
    "a plan that is not sold": (
        lambda each: each.account_updated("acct-1", plan="fre", limits={"calls": 10}),
        "acct-1 has what the catalog does not: plan fre, limits.calls",
    ),
    "an account of which nothing was sent": (lambda each: each.fired("acct-l"), "did you mean `acct-1`"),
    "a rule that is not there": (lambda each: each.decisions(rule="api-quote"), "did you mean `api-quota`"),
    "a rule that is not in force": (lambda each: each.triggers(rule="off"), "no rule 'off' is in force"),
    "a clock that goes back": (lambda each: each.advance(days=-1), "cannot go back to 2025-12-31"),
    "an event of a time to come": (
        lambda each: each.event("acct-1", PROJECT, time="2026-01-02T00:00:00Z"),
        "the clock stands at 2026-01-01T00:00:00Z; move it first",
    ),
    "a time without a zone": (lambda each: each.at(datetime(2026, 3, 1)), "has no time zone"),  # noqa: DTZ001 -- the case
    "a time that is none": (lambda each: each.at("tomorrow"), "expected an RFC 3339 time"),
    "data that JSON cannot hold": (lambda each: each.event("acct-1", PROJECT, {"by": object()}), "no form in JSON"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_test_that_would_pass_for_nothing_is_told(pipeline: Pipeline, what: str) -> None:
    ask, told = REFUSED[what]
    with pytest.raises(RejectedRehearsal, match=told):
        ask(pipeline)


def test_a_wrong_configuration_is_told_with_all_its_problems(tmp_path: Path) -> None:
    wrong = configured(tmp_path, RULES.replace("meter: projects", "meter: project").replace("3, users", "0, users"))
    with pytest.raises(RejectedConfiguration) as told:
        Pipeline(wrong)
    assert [(problem.file, problem.line) for problem in told.value.problems] == [
        (str(wrong / "rules.yaml"), 5),
        (str(wrong / "rules.yaml"), 7),
    ]


def test_the_public_names_are_all_there() -> None:
    import expansion_signals.testing as kit  # noqa: PLC0415 -- it is what is looked at

    assert [name for name in kit.__all__ if not isinstance(getattr(kit, name), type)] == []


def test_a_name_that_is_not_public_is_not_there() -> None:
    import expansion_signals.testing as kit  # noqa: PLC0415 -- the same

    with pytest.raises(AttributeError, match="no attribute 'Pipe'"):
        kit.Pipe  # noqa: B018 -- looking is the case
