from __future__ import annotations

from decimal import Decimal

import pytest

from expansion_signals.rules.conditions import Combination, Comparison, read_condition

_GROWTH = Comparison("usage_growth", ">", Decimal("0.5"))
_HITS = Comparison("limit_hits", ">=", Decimal(3))
_FREE = Comparison("plan", "==", "free")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("usage_growth > 50%", _GROWTH),
        ("usage_growth>0.5", _GROWTH),
        ("plan = free", _FREE),
        ("plan == 'free'", _FREE),
        ("usage_growth > -30%", Comparison("usage_growth", ">", Decimal("-0.3"))),
        ("usage_growth > 50% and limit_hits >= 3", Combination("and", (_GROWTH, _HITS))),
        (
            "usage_growth > 50% or limit_hits >= 3 and plan == free",
            Combination("or", (_GROWTH, Combination("and", (_HITS, _FREE)))),
        ),
        (
            "not (usage_growth > 50% or limit_hits >= 3)",
            Combination("not", (Combination("or", (_GROWTH, _HITS)),)),
        ),
    ],
)
def test_a_condition_is_read(text: str, condition: object) -> None:
    assert read_condition(text) == condition


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("usage_grwth > 1", "unknown fact `usage_grwth` at character 1; did you mean `usage_growth`?"),
        ("limit_hits", "expected a comparison after `limit_hits`: > >= < <= == != at character 11"),
        ("limit_hits >= ", "expected a number, a percentage or a name at character 14 of the condition, got the end"),
        ("(limit_hits >= 3", "expected `)` at character 17 of the condition, got the end"),
        ("limit_hits >= 3 4", "expected `and`, `or` or the end at character 17 of the condition, got `4`"),
        ("limit_hits >= 3; drop", "cannot read `; drop` at character 16 of the condition"),
        ("", "expected a fact such as `usage_growth` at character 1 of the condition, got the end"),
        ("(" * 1000, "nested deeper than 16 levels"),
        ("not " * 400 + "health > 1", "nested deeper than 16 levels"),
        (7, "expected a condition such as `usage_growth > 50%`, got `7`"),
    ],
)
def test_what_is_no_condition_says_where_and_what_was_expected(text: object, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 -- the message is the claim below
        read_condition(text)
    assert str(raised.value).startswith(message)
