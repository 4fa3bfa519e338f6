"""Rules under test, beside `config/` with the sample's catalog and rules: copy both, and run `pytest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from expansion_signals.testing import Pipeline


@pytest.fixture(autouse=True)
def acme(expansion: Pipeline) -> None:
    """Let every test begin with an account on the free plan, with two of its three seats taken."""
    expansion.account_updated("acme", plan="free", members=["ada", "bob"])


def test_80_percent_of_the_calls_are_told_once_a_month(expansion: Pipeline) -> None:
    expansion.usage("acme", meter="api_calls", value=850)
    expansion.usage("acme", meter="api_calls", value=100)
    expansion.at("2026-02-01T00:00:00Z")
    expansion.usage("acme", meter="api_calls", value=850)
    assert expansion.fired("acme", rule="api-quota") == ["api-quota 80%", "api-quota 80%"]


def test_the_second_person_at_a_locked_feature_counts_within_two_weeks(expansion: Pipeline) -> None:
    expansion.feature_attempted("acme", feature="audit_log", user="ada")
    expansion.advance(days=14)
    expansion.feature_attempted("acme", feature="audit_log", user="bob")
    assert expansion.fired("acme", rule="gates") == []


def test_nobody_is_sold_anything_who_wants_to_leave(expansion: Pipeline) -> None:
    expansion.subscription_cancel_requested("acme", reason="price")
    expansion.usage("acme", meter="api_calls", value=850)
    assert expansion.decided("acme", rule="api-quota") == ["api-quota 80% suppressed: cancel_pending"]
