from __future__ import annotations

import pytest

from expansion_signals.model.instants import DAY
from expansion_signals.model.kinds import FAMILIES, KINDS, TOLD
from expansion_signals.rules.rules_file import SHAPES


def test_every_signal_of_the_rules_has_its_kinds_and_the_other_way_round() -> None:
    assert {kind.rule for kind in KINDS.values()} == set(SHAPES)


def test_every_signal_of_the_rules_but_refusals_can_fire() -> None:
    assert set(SHAPES) - {kind.rule for kind in KINDS.values() if kind.fires} == {"limit_hit"}


def test_what_stays_on_the_signals_topic_is_what_the_interface_says() -> None:
    assert {kind.type for kind in KINDS.values() if not kind.fires} | set(TOLD) == {
        "limit.recovered",
        "limit.hit",
        "feature.attempted",
        "reading",
        "account.changed",
    }


@pytest.mark.parametrize(
    ("family", "days"),
    [("seat", 1), ("limit", 7), ("gate", 7), ("milestone", 7), ("trend", 7), ("pql", 30), ("retention", 30)],
)
def test_a_trigger_is_worth_acting_on_for_as_long_as_its_family_says(family: str, days: int) -> None:
    assert [each.lasts for each in FAMILIES if each.name == family] == [days * DAY]


def test_no_two_families_share_a_topic() -> None:
    assert len({family.topic for family in FAMILIES}) == len(FAMILIES)


def test_thresholds_are_crossed_by_limits_seats_and_milestones() -> None:
    assert {kind.type for kind in KINDS.values() if kind.crosses} == {
        "limit.reached",
        "seat_limit.approached",
        "milestone.reached",
    }
