"""What deciding takes from a reading's data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from expansion_signals.decide.evidence_readings import Observation, health_inputs_in, observations_in
from expansion_signals.decide.health_parts import HealthInputs
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import DAY, parse_instant

HITS = {
    "fact": "limit_hits",
    "within": "14d",
    "observed": "4",
    "first_seen": "2026-11-20T00:00:00Z",
    "last_seen": "2026-11-22T00:00:00Z",
    "evidence": ["e-1", "e-4"],
}
SEATS = {"fact": "seats_used", "within": None, "observed": None, "first_seen": None, "last_seen": None, "evidence": []}


def test_facts_are_known_by_their_name_and_window() -> None:
    first, last = parse_instant("2026-11-20T00:00:00Z"), parse_instant("2026-11-22T00:00:00Z")
    assert observations_in({"facts": [HITS, SEATS]}) == {
        ("limit_hits", 14 * DAY): Observation(Decimal(4), first, last, ("e-1", "e-4")),
        ("seats_used", None): Observation(None),
    }


def test_one_fact_may_stand_in_several_windows() -> None:
    assert len(observations_in({"facts": [HITS, {**HITS, "within": "7d"}]})) == 2


def test_a_window_is_the_same_however_it_is_written() -> None:
    assert observations_in({"facts": [{**HITS, "within": "2w"}]}) == observations_in({"facts": [HITS]})


@pytest.mark.parametrize(
    "facts",
    [
        None,
        {},
        ["limit_hits"],
        [{**HITS, "within": "soon"}],
        [{**HITS, "within": 14}],
        [{**HITS, "observed": "many"}],
        [{**HITS, "observed": "1e999999999"}],
        [{**HITS, "observed": 0.5}],
        [{**HITS, "observed": True}],
        [{**HITS, "observed": "٣"}],
        [{**HITS, "first_seen": "yesterday"}],
        [{**HITS, "last_seen": 17}],
        [{**HITS, "evidence": 5}],
        [{"within": "14d"}],
    ],
    ids=str,
)
def test_facts_that_metering_cannot_have_written_are_refused(facts: Any) -> None:  # noqa: ANN401 -- whatever JSON holds
    with pytest.raises(RejectedRecord):
        observations_in({"facts": facts})


def test_what_health_is_measured_by_is_read_as_it_was_written() -> None:
    told = {"active_days": 17, "usage_growth": "-0.25", "nps": None, "something_new": "x"}
    assert health_inputs_in({"health_inputs": told}) == HealthInputs(active_days=17, usage_growth=Decimal("-0.25"))


@pytest.mark.parametrize("told", [None, [], {"nps": "good"}, {"nps": 1.5}, {"tickets": False}], ids=str)
def test_inputs_that_metering_cannot_have_written_are_refused(told: Any) -> None:  # noqa: ANN401 -- whatever JSON holds
    with pytest.raises(RejectedRecord):
        health_inputs_in({"health_inputs": told})
