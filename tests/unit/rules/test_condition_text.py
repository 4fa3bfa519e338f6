"""Conditions as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.rules.condition_text import condition_text, required_text
from expansion_signals.rules.conditions import FACTS, Combination, Comparison, read_condition

COMPARISONS = st.builds(
    Comparison,
    st.sampled_from([fact for fact in FACTS if fact != "plan"]),
    st.sampled_from([">", ">=", "<", "<=", "==", "!="]),
    st.decimals(min_value=-(10**6), max_value=10**6, places=4),
) | st.builds(
    Comparison, st.just("plan"), st.sampled_from(["==", "!="]), st.sampled_from(["pro", "a b", "it's", "and"])
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda parts: (
        st.builds(Combination, st.sampled_from(["and", "or"]), st.lists(parts, min_size=2, max_size=3).map(tuple))
        | st.builds(Combination, st.just("not"), st.tuples(parts))
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("usage_growth > 50%", "> 50%"),
        ("usage_growth > 0.5", "> 50%"),
        ("utilization>=80.5 %", ">= 80.5%"),
        ("limit_hits >= 3", ">= 3"),
        ("plan = pro", "== pro"),
        ("plan != 'pro plus'", "!= 'pro plus'"),
        ("health > 70 and utilization >= 80%", "health > 70 and utilization >= 80%"),
        ("not (plan = pro or invites > 3)", "not (plan == pro or invites > 3)"),
        ("(invites > 3 and health > 70) or plan = pro", "invites > 3 and health > 70 or plan == pro"),
    ],
)
def test_of_one_fact_what_is_asked_and_of_several_the_whole_condition(written: str, text: str) -> None:
    assert required_text(read_condition(written)) == text


@given(CONDITIONS)
def test_the_text_reads_back_as_the_same_condition(condition: Comparison | Combination) -> None:
    assert read_condition(condition_text(condition)) == condition


def test_a_percentage_keeps_its_digits() -> None:
    assert required_text(Comparison("usage_growth", ">", Decimal("0.12345"))) == "> 12.345%"
