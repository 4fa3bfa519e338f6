from __future__ import annotations

from fractions import Fraction

import pytest

from expansion_signals.detect.thresholds import Place, Series, standing
from sample_readings import every, limit, percent, remaining, usage


def test_a_percentage_stands_at_the_smallest_level_that_reaches_it() -> None:
    assert standing(percent("33.3"), limit(10), 0).at == 4


def test_an_absolute_threshold_is_scaled_by_the_meters_precision() -> None:
    assert standing(usage("12.5"), None, 2).at == 1250


def test_an_absolute_threshold_finer_than_the_meter_stands_at_the_next_level() -> None:
    assert standing(usage("0.5"), None, 0).at == 1


def test_remaining_stands_below_the_limit() -> None:
    assert standing(remaining("2.5"), limit(1000), 2).at == 750


def test_the_lower_edge_is_5_percent_of_the_limit_below() -> None:
    assert standing(percent(80), limit(1000), 0) == Place(800, 750)


def test_the_lower_edge_without_a_limit_is_5_percent_of_the_threshold_below() -> None:
    assert standing(usage(800), None, 0) == Place(800, 760)


def test_the_lower_edge_is_above_nothing() -> None:
    assert standing(percent(2), limit(1000), 0) == Place(20, 1)


def test_a_percentage_is_exact_where_binary_floating_point_is_not() -> None:
    assert standing(percent("0.07"), limit(10**17), 0).at == 7 * 10**13


@pytest.mark.parametrize(
    ("threshold", "base"),
    [(every(10), 0), (every(10, after_usage=5), 5), (every(10, after_percent=50), 500)],
)
def test_a_step_counts_from_its_base(threshold: object, base: int) -> None:
    assert standing(threshold, limit(1000), 0) == Series(base, 10)


@pytest.mark.parametrize(("level", "highest"), [(0, None), (109, None), (110, 110), (119, 110), (120, 120), (-5, None)])
def test_the_highest_step_is_at_or_below_the_level(level: int, highest: int | None) -> None:
    assert Series(Fraction(100), Fraction(10)).highest(level) == highest


@pytest.mark.parametrize(("level", "following"), [(-500, 110), (0, 110), (109, 110), (110, 120), (119, 120)])
def test_the_following_step_is_above_the_level(level: int, following: int) -> None:
    assert Series(Fraction(100), Fraction(10)).following(level) == following
