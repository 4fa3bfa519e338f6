from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from expansion_signals.cli.readiness import Readings, readiness


def _answer(question: str, **told: Any) -> str | None:  # noqa: ANN401 -- any reading
    [found] = [each for each in readiness(Readings(**told)) if each.question == question]
    return found.answer


@pytest.mark.parametrize(
    ("part", "answer"),
    [("0", "low"), ("0.4999", "low"), ("0.5", "fair"), ("0.7999", "fair"), ("0.8", "high"), ("1.2", "high")],
)
def test_utilization_has_the_bands_of_the_domain(part: str, answer: str) -> None:
    assert _answer("utilization", utilization=Fraction(part), of="calls") == answer


@pytest.mark.parametrize(
    ("growth", "answer"),
    [("-0.1", "falling"), ("-0.0999", "steady"), ("0.0999", "steady"), ("0.1", "rising")],
)
def test_a_tenth_is_the_border_of_steady_use(growth: str, answer: str) -> None:
    assert _answer("trajectory", growth=Fraction(growth)) == answer


@pytest.mark.parametrize(("used", "answer"), [(3, "narrow"), (4, "broad")])
def test_half_of_the_features_is_broad(used: int, answer: str) -> None:
    assert _answer("breadth", features=(used, 8)) == answer


@pytest.mark.parametrize(("active", "answer"), [(4, "low"), (5, "fair"), (8, "high")])
def test_coverage_is_seats_active_of_bought(active: int, answer: str) -> None:
    assert _answer("coverage", seats=(active, 10)) == answer


def test_what_is_not_known_has_no_answer() -> None:
    assert [each.answer for each in readiness(Readings())] == [None, None, None, None]


def test_each_answer_says_what_it_was_read_from() -> None:
    told = Readings(Fraction(86, 100), "api_calls", Fraction(-12, 100), (2, 8), (8, 10))
    assert [each.reading for each in readiness(told)] == [
        "86 % of api_calls",
        "12 % less in 30 days",
        "2 of 8 features",
        "8 of 10 seats",
    ]


def test_falling_use_means_retention_first() -> None:
    [falling] = [each for each in readiness(Readings(growth=Fraction(-1, 2))) if each.answer == "falling"]
    assert falling.means == "Retention first: ask why."
