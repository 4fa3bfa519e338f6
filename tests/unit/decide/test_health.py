"""Health: parts, their weights, and bands."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.health import Health, health_of
from expansion_signals.decide.health_parts import HealthInputs, OfferHistory
from expansion_signals.model.accounts import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = Account(version=1, plan="free")
OLD = HealthInputs(history_days=40)
EIGHTY = OLD._replace(
    daily_active=Decimal(3),
    monthly_active=10,
    active_days=17,
    features_used=6,
    features_included=10,
    usage_growth=Decimal("0.1"),
    seats_growth=Decimal("0.1"),
    utilization=Decimal("0.68"),
    seats_utilization=Decimal("0.68"),
    tickets=2,
    sentiment=Decimal("0.6"),
    nps=30,
    csat=Decimal("4.2"),
)
"""Every measure is worth 80."""

NO_OFFERS = OfferHistory()
ONE_UPGRADE = OfferHistory(upgrades=1)


def health(inputs: HealthInputs, offers: OfferHistory = NO_OFFERS, **profile: object) -> Health:
    found = health_of(inputs, Account.model_validate({"version": 1, "plan": "free", **profile}), offers)
    assert found is not None
    return found


def measured(inputs: Mapping[str, int | str]) -> int:
    (part,) = health(OLD._replace(**{name: _number(value) for name, value in inputs.items()})).parts
    return part.score


def _number(value: int | str) -> int | Decimal:
    return Decimal(value) if isinstance(value, str) else value


def test_parts_of_80_are_a_health_of_80() -> None:
    found = health(EIGHTY, ONE_UPGRADE)
    assert (found.score, [(part.name, part.score, part.weight) for part in found.parts]) == (
        80,
        [
            ("engagement", 80, 30),
            ("growth", 80, 25),
            ("utilization", 80, 20),
            ("relationship", 80, 15),
            ("history", 80, 10),
        ],
    )


def test_each_part_counts_by_its_weight() -> None:
    mixed = EIGHTY._replace(active_days=0, features_used=0, daily_active=0, utilization=1, seats_utilization=1)
    # 30 * 0 + 25 * 80 + 20 * 100 + 15 * 80 + 10 * 80 = 6,000 of 100
    assert health(mixed, ONE_UPGRADE).score == 60


def test_the_weights_of_parts_without_evidence_go_to_the_others() -> None:
    found = health(OLD._replace(active_days=17, usage_growth=Decimal("-0.05")))
    # active days 17 are 80, a growth of -5 % is 50: (30 * 80 + 25 * 50) / 55 = 66.36
    assert (found.score, [part.name for part in found.parts]) == (66, ["engagement", "growth"])


def test_an_account_of_which_nothing_is_known_has_no_health() -> None:
    assert health_of(OLD, ACCOUNT, NO_OFFERS) is None


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, "at_risk"),
        (49, "at_risk"),
        (50, "moderate"),
        (69, "moderate"),
        (70, "healthy"),
        (89, "healthy"),
        (90, "champion"),
        (100, "champion"),
    ],
)
def test_a_band_begins_at_its_score(score: int, band: str) -> None:
    assert Health(score, ()).band == band


@pytest.mark.parametrize(("days", "expected"), [(0, (50, "moderate")), (6, (50, "moderate")), (7, (0, "at_risk"))])
def test_an_account_is_never_at_risk_before_seven_days_of_history(days: int, expected: tuple[int, str]) -> None:
    found = health(HealthInputs(active_days=0, history_days=days))
    assert (found.score, found.band) == expected


def test_an_account_whose_history_is_not_known_is_a_young_one() -> None:
    assert health(HealthInputs(active_days=0)).band == "moderate"


def test_a_young_account_that_does_well_is_told_so() -> None:
    assert health(HealthInputs(active_days=22, history_days=3)).score == 100


@pytest.mark.parametrize(
    ("inputs", "score"),
    [
        ({"daily_active": "0", "monthly_active": 10}, 0),
        ({"daily_active": "1", "monthly_active": 10}, 35),
        ({"daily_active": "2", "monthly_active": 10}, 70),
        ({"daily_active": "5", "monthly_active": 10}, 100),
        ({"daily_active": "9", "monthly_active": 10}, 100),
        ({"active_days": 0}, 0),
        ({"active_days": 6}, 30),
        ({"active_days": 12}, 60),
        ({"active_days": 30}, 100),
        ({"features_used": 1, "features_included": 4}, 35),
        ({"features_used": 4, "features_included": 5}, 100),
        ({"usage_growth": "-0.5"}, 0),
        ({"usage_growth": "-0.3"}, 0),
        ({"usage_growth": "-0.15"}, 30),
        ({"usage_growth": "0"}, 60),
        ({"usage_growth": "0.2"}, 100),
        ({"seats_growth": "0.1"}, 80),
        ({"usage_growth": "0.2", "seats_growth": "0"}, 80),
        ({"utilization": "0.5"}, 50),
        ({"utilization": "0.65"}, 75),
        ({"utilization": "1.4"}, 100),
        ({"utilization": "0.8", "seats_utilization": "0.4"}, 70),
        ({"nps": -100}, 0),
        ({"nps": 0}, 50),
        ({"nps": 40}, 90),
        ({"csat": "1"}, 0),
        ({"csat": "4"}, 75),
        ({"csat": "5"}, 100),
        ({"csat": "88"}, 88),
        ({"tickets": 3}, 70),
        ({"tickets": 10}, 0),
        ({"tickets": 1, "sentiment": "-1"}, 45),
        ({"nps": 0, "tickets": 0}, 75),
    ],
)
def test_each_measure_lies_on_its_scale(inputs: dict[str, int | str], score: int) -> None:
    assert measured(inputs) == score


@pytest.mark.parametrize(
    ("offers", "score"),
    [
        (OfferHistory(upgrades=1), 80),
        (OfferHistory(upgrades=3), 100),
        (OfferHistory(upgrades=1, contractions=1), 50),
        (OfferHistory(contractions=1), 0),
        (OfferHistory(shown=4), 50),
        (OfferHistory(shown=4, clicked=2), 100),
        (OfferHistory(shown=4, dismissed=4), 0),
        (OfferHistory(shown=4, clicked=1, dismissed=1, upgrades=1), 65),
    ],
)
def test_the_history_is_of_upgrades_and_of_answers_to_offers(offers: OfferHistory, score: int) -> None:
    (part,) = health(OLD, offers).parts
    assert (part.name, part.score) == ("history", score)


def test_an_account_that_opened_no_ticket_and_said_nothing_has_no_relationship() -> None:
    assert health_of(OLD._replace(tickets=0), ACCOUNT, NO_OFFERS) is None


def test_the_profile_tells_what_nobody_was_asked() -> None:
    assert measured_with_profile(OLD) == 90


def test_what_people_were_asked_goes_before_the_profile() -> None:
    assert measured_with_profile(OLD._replace(nps=0)) == 50


def measured_with_profile(inputs: HealthInputs) -> int:
    (part,) = health(inputs, nps=40).parts
    return part.score


def test_of_features_when_none_is_included_nothing_is_known() -> None:
    assert health_of(OLD._replace(features_used=3, features_included=0), ACCOUNT, NO_OFFERS) is None


def test_the_document_tells_of_each_part_what_it_was_measured_by_and_what_was_missing() -> None:
    assert health(OLD._replace(usage_growth=Decimal("0.10"))).document() == {
        "score": 80,
        "band": "healthy",
        "parts": [
            {
                "part": "growth",
                "score": 80,
                "weight": "100",
                "inputs": {"usage_growth": "0.1"},
                "missing": ["seats_growth"],
            }
        ],
    }


def test_weights_in_the_document_are_shares_of_what_there_is_evidence_of() -> None:
    parts = health(OLD._replace(usage_growth=Decimal("0.10"), utilization=Decimal("0.5"))).document()["parts"]
    assert [(part["part"], part["weight"]) for part in parts] == [("growth", "55.56"), ("utilization", "44.44")]


def test_counts_stay_numbers_in_the_document() -> None:
    (part,) = health(OLD._replace(active_days=17)).document()["parts"]
    assert part["inputs"] == {"active_days": 17}


NUMBERS = st.none() | st.integers(-(10**9), 10**9) | st.decimals(-(10**9), 10**9, places=6)
INPUTS = st.builds(HealthInputs, **dict.fromkeys(HealthInputs._fields, NUMBERS))
OFFERS = st.builds(OfferHistory, *[st.integers(0, 1000)] * 5)


@given(INPUTS, OFFERS)
def test_a_health_and_its_parts_are_whole_numbers_up_to_100(inputs: HealthInputs, offers: OfferHistory) -> None:
    found = health_of(inputs, ACCOUNT, offers)
    scores = [] if found is None else [found.score, *(part.score for part in found.parts)]
    assert [score for score in scores if not (type(score) is int and 0 <= score <= 100)] == []


@given(INPUTS, st.sampled_from(["usage_growth", "active_days", "utilization", "nps", "sentiment"]), st.integers(0, 50))
def test_more_of_what_is_good_never_makes_an_account_less_healthy(inputs: HealthInputs, name: str, more: int) -> None:
    told = getattr(inputs, name) or 0
    before, after = (health_of(inputs._replace(**{name: told + each}), ACCOUNT, ONE_UPGRADE) for each in (0, more))
    assert before is not None
    assert after is not None
    assert before.score <= after.score
