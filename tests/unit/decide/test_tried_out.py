from __future__ import annotations

from dataclasses import replace

from expansion_signals.decide.tried_out import tried_out
from sample_ground import configuration
from sample_signals import NOW, gated, signal

TRIED = replace(gated(), shadow=True)


def test_what_a_rule_that_is_tried_out_finds_says_what_would_be_offered() -> None:
    data = tried_out(TRIED, configuration(), NOW).data
    assert (data["recommendation"]["to"], data["route"]["to"], data["prompt"]["family"], data["copy"]["language"]) == (
        "pro",
        "self_serve",
        "feature_discovery",
        "en",
    )


def test_its_evidence_stays() -> None:
    assert (
        tried_out(TRIED, configuration(), NOW).data.items()
        >= {name: value for name, value in TRIED.data.items() if name != "account"}.items()
    )


def test_any_other_signal_stays_as_it_is() -> None:
    fallen = replace(signal("80"), type="limit.recovered", shadow=True)
    assert [tried_out(each, configuration(), NOW) for each in (gated(), fallen)] == [gated(), fallen]
