"""A level is told as a reading where its move turns what a criterion says of utilization."""

from __future__ import annotations

import pytest

from expansion_signals.detect.activity import Activity
from expansion_signals.detect.looked import Looked
from expansion_signals.detect.utilization_told import reading_of_level
from expansion_signals.model.instants import DAY
from expansion_signals.rules.loading import load
from sample_readings import NOW, limit, reading

CATALOG = """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, aggregation: sum, value: value, unit: call}
  exports: {event: com.acme.exported, aggregation: count, unit: export}
features:
  api_calls: {meter: api_calls}
  exports: {meter: exports}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, exports: {limit: 10}}}
"""
RULES = """
rules:
  - {id: calls, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: lead, signal: pql, qualify_at: 10, criteria: [{id: near, when: utilization >= 80%, points: 10}]}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})


def utilization(before: int, firing: int, looked: tuple[str, int, int] | None = None, **changes: object) -> str | None:
    """Return what the reading of a move says of utilization, None where there is none."""
    activity = Activity(looked=Looked(NOW // DAY - 1, {}, looked)) if looked else Activity()
    level = reading(firing, before=before, **changes)
    told = reading_of_level(level, CONFIGURATION, {"activity": activity.written()})
    return None if told is None else told.data["facts"][0]["observed"]


@pytest.mark.parametrize(
    ("before", "firing", "told"),
    [
        (790, 20, "0.81"),
        (790, 300, "1.09"),
        (810, 200, None),
        (100, 600, None),
        (1010, -710, "0.3"),
        (800, -1, "0.799"),
    ],
    ids=["above", "far above", "above before", "below still", "below again", "just below"],
)
def test_a_move_that_turns_a_criterion_is_told_and_no_other(before: int, firing: int, told: str | None) -> None:
    assert utilization(before, firing) == told


def test_a_limit_that_is_lower_now_turns_it() -> None:
    assert utilization(700, 10, judged=True, last_limit=1000, limit=limit(800)) == "0.8875"


def test_another_meter_that_uses_more_hides_it() -> None:
    assert utilization(790, 20, ("exports", 9, 10)) is None


def test_what_the_last_look_found_of_the_same_meter_is_out_of_date() -> None:
    assert utilization(810, -710, ("api_calls", 810, 1000)) == "0.1"


@pytest.mark.parametrize(
    "changes",
    [{"firing": 0, "quiet": 20}, {"profile": None}, {"limit": None}, {"limit": limit(None)}, {"dimension": "eu"}],
    ids=["backfill", "nobody known", "no limit", "unlimited", "one dimension"],
)
def test_what_is_held_against_no_limit_just_now_is_not_told(changes: dict[str, object]) -> None:
    assert utilization(790, **{"firing": 20, **changes}) is None  # type: ignore[arg-type]


def test_it_tells_the_level_that_moved() -> None:
    told = reading_of_level(reading(20, before=790), CONFIGURATION, {})
    assert told is not None
    (level,) = told.data["levels"]
    assert (level["meter"], level["usage"], level["limit"], level["utilization"]) == (
        "api_calls",
        "810",
        "1000",
        "0.81",
    )


def test_the_same_move_is_told_under_the_same_id() -> None:
    once, again = (reading_of_level(reading(20, before=790), CONFIGURATION, {}) for _ in range(2))
    assert once is not None
    assert again is not None
    assert once.id == again.id
