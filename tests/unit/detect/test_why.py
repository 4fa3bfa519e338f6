from __future__ import annotations

import pytest

from expansion_signals.detect.why import why
from expansion_signals.model.catalog import Meter
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, HOUR, MINUTE
from sample_readings import NOVEMBER, limit, reading


def before_the_end(left: int) -> Evidence:
    return Evidence("e-1", "/apps/web", NOVEMBER.end - left)


@pytest.mark.parametrize(
    ("changes", "usage", "sentence"),
    [
        ({}, 800, "800 of 1,000 calls used (80 %) with 9 days of the period left"),
        ({}, 999, "999 of 1,000 calls used (99 %) with 9 days of the period left"),
        ({}, 1000, "1,000 of 1,000 calls used (100 %) with 9 days of the period left"),
        ({}, 1200, "1,200 of 1,000 calls used (120 %), 200 over the limit, with 9 days of the period left"),
        ({"period": None}, 800, "800 of 1,000 calls used (80 %)"),
        ({"period": None}, 1200, "1,200 of 1,000 calls used (120 %), 200 over the limit"),
        ({"limit": None, "period": None}, 2500, "2,500 calls used"),
        ({"limit": limit(None), "period": None}, 1, "1 call used"),
        ({"limit": limit(0), "period": None}, 5, "5 of 0 calls used, 5 over the limit"),
        ({"limit": limit(1), "period": None}, 1, "1 of 1 call used (100 %)"),
        (
            {"limit": limit(150_000), "period": None, "meter": Meter("m", "e", "sum", "GB", precision=2)},
            123_456,
            "1,234.56 of 1,500 GB used (82 %)",
        ),
    ],
)
def test_why_says_what_a_person_would(changes: dict[str, object], usage: int, sentence: str) -> None:
    assert why(reading(usage, **changes), usage) == sentence


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (2 * DAY, " with 2 days of the period left"),
        (2 * DAY - 1, " with 1 day of the period left"),
        (DAY - 1, " with 23 hours of the period left"),
        (HOUR, " with 1 hour of the period left"),
        (59 * MINUTE, " with less than an hour of the period left"),
        (0, ""),
    ],
)
def test_why_rounds_the_time_left_down(left: int, said: str) -> None:
    assert why(reading(800, evidence=before_the_end(left)), 800).removeprefix("800 of 1,000 calls used (80 %)") == said
