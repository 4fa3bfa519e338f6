"""What a test that fails shows: every event, what came of it, and why that was all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import Rejected, RejectedRehearsal
from small_product import pipeline_in

if TYPE_CHECKING:
    from pathlib import Path

    from expansion_signals.testing import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    pipeline = pipeline_in(tmp_path)
    pipeline.account_updated("acct-1", plan="free")
    return pipeline


def lines(pipeline: Pipeline) -> list[str]:
    """Return the transcript without its first line, that of the account, and its last one, how that stands."""
    return pipeline.transcript().splitlines()[1:-1]


def test_an_event_is_told_with_its_data(pipeline: Pipeline) -> None:
    told = "2026-01-01 00:00:00  acct-1  account.updated  version 1, plan free"
    assert pipeline.transcript().splitlines()[0] == told


def test_a_trigger_is_told_with_its_why(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=800)
    assert lines(pipeline)[1:] == [
        "    api-quota 80% fired: 800 of 1,000 calls used (80 %) with 31 days of the period left"
    ]


def test_what_did_not_fire_is_told_with_every_reason(pipeline: Pipeline) -> None:
    pipeline.account_updated("acct-1", plan="free", status="paused", opted_out=["ada"])
    pipeline.usage("acct-1", meter="api_calls", value=800, user="ada")
    assert lines(pipeline)[-1] == (
        "    api-quota 80% suppressed: account_status (nothing is sold to an account that is neither active nor in "
        "trial; this person does not want to be asked): 800 of 1,000 calls used (80 %) with 31 days of the period left"
    )


def test_what_a_shadow_rule_would_have_fired_is_told(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=960)
    assert lines(pipeline)[1].startswith("    few-left 50 remaining would have fired (shadow): 960 of 1,000 calls used")


def test_what_a_shadow_rule_arms_again_is_told_as_the_signal_that_it_is(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=960)
    pipeline.usage("acct-1", meter="api_calls", value=-400)
    assert "    limit.recovered: few-left 50 remaining" in lines(pipeline)


def test_what_was_bought_and_what_is_withdrawn_for_it_are_told(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=800)
    pipeline.account_updated("acct-1", plan="pro")
    assert lines(pipeline)[-2:] == [
        "    outcome upgrade: from free to pro",
        "    api-quota 80% withdrawn, upgraded: the account has bought more",
    ]


def test_evidence_that_nothing_is_decided_on_is_told(pipeline: Pipeline) -> None:
    pipeline.feature_attempted("acct-1", feature="sso", user="ada")
    assert lines(pipeline)[-1] == "    feature.attempted: sso"


def test_what_came_while_time_passed_is_told_apart(pipeline: Pipeline) -> None:
    for day in range(16):
        pipeline.usage("acct-1", meter="api_calls", value=20 if day < 9 else 30)
        pipeline.advance(days=1)
    assert "2026-01-17 00:00:00  until here time passes\n    growing api_calls fired: " in pipeline.transcript()


def test_a_late_event_is_told_with_its_own_time(pipeline: Pipeline) -> None:
    pipeline.advance(hours=3)
    pipeline.usage("acct-1", meter="api_calls", value=1, time="2026-01-01T01:00:00Z")
    assert lines(pipeline) == [
        "2026-01-01 03:00:00  acct-1  usage.recorded (of 2026-01-01 01:00:00)  meter api_calls, value 1"
    ]


def test_a_duplicate_is_told(pipeline: Pipeline) -> None:
    for _ in range(2):
        pipeline.usage("acct-1", meter="api_calls", value=1, id="e-1")
    assert lines(pipeline)[-1] == "    duplicate: an event of this id was counted before"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"meter": "api_calls"}, "    dead letter, invalid_data: data.value: Field required"),
        ({"meter": "calls", "value": 1}, "    unmatched: no meter and no rule names it"),
    ],
    ids=["dead letter", "unmatched"],
)
def test_what_was_not_counted_is_told(pipeline: Pipeline, data: dict[str, object], told: str) -> None:
    with pytest.raises(Rejected):
        pipeline.event("acct-1", "expansion.usage.recorded.v1", data)
    assert lines(pipeline)[-1] == told


def standing(pipeline: Pipeline) -> str:
    """Return the last line, how the last account stands."""
    return pipeline.transcript().splitlines()[-1]


def test_an_account_stands_at_what_it_used_of_its_limits(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value="1200.5")
    pipeline.event("acct-1", "com.acme.project.created")
    assert standing(pipeline) == "acct-1: plan free, api_calls 1,200.5 of 1,000, projects 1"


def test_an_account_stands_at_the_period_that_runs(pipeline: Pipeline) -> None:
    pipeline.usage("acct-1", meter="api_calls", value=10)
    pipeline.advance(days=31)
    pipeline.usage("acct-1", meter="api_calls", value=3)
    assert standing(pipeline) == "acct-1: plan free, api_calls 3 of 1,000"


def test_an_account_without_limits_stands_at_what_it_used(pipeline: Pipeline) -> None:
    pipeline.account_updated("acct-1", plan="enterprise")
    pipeline.usage("acct-1", meter="api_calls", value=3)
    assert standing(pipeline) == "acct-1: plan enterprise, api_calls 3 of unlimited"


def test_of_an_account_without_a_profile_it_is_told_that_nothing_is_judged(pipeline: Pipeline) -> None:
    pipeline.usage("acct-2", meter="api_calls", value=900)
    told = "acct-2: no profile; what it uses is kept, and judged when `account_updated` comes"
    assert standing(pipeline) == told


def test_of_a_plan_that_is_not_sold_it_is_told_that_it_has_no_limits(pipeline: Pipeline) -> None:
    with pytest.raises(RejectedRehearsal):
        pipeline.account_updated("acct-1", plan="fre")
    assert standing(pipeline) == "acct-1: plan fre, which the catalog does not have: no limits"
