"""What becomes of a lead, reading by reading."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.qualification import Qualification
from expansion_signals.decide.qualifying import judged
from expansion_signals.model.instants import DAY
from sample_leads import Lead, by_points, case, criterion, rule, scored

if TYPE_CHECKING:
    from random import Random

    from expansion_signals.decide.scoring import Case
    from expansion_signals.rules.pql import PqlRule


@pytest.fixture
def lead() -> Lead:
    return Lead(by_points())


@pytest.mark.parametrize(
    ("score", "told"),
    [
        (49, None),
        (50, "qualified C"),
        (69, "qualified C"),
        (70, "qualified B"),
        (84, "qualified B"),
        (85, "qualified A"),
        (99, "qualified A"),
    ],
)
def test_an_account_qualifies_at_the_score_of_its_rule_with_a_tier(lead: Lead, score: int, told: str | None) -> None:
    assert lead.told(scored(score)) == told


TIMELINE = [
    (1, 60, 80, "qualified C"),
    (2, 72, 80, "qualified B"),
    (3, 84, 80, "score_changed B"),
    (4, 73, 80, "score_changed B"),
    (5, 63, 80, None),
    (6, 40, 80, "score_changed C"),
    (7, 39, 80, "disqualified score"),
    (8, 60, 80, None),
    (9, 90, 80, "qualified A"),
    (10, 90, 45, "disqualified at_risk"),
    (39, 60, 80, "qualified C"),
]
"""That of the module: day, score, health, what is published."""


def test_the_timeline_of_the_module_goes_as_it_says(lead: Lead) -> None:
    told = [(day, score, well, lead.told(scored(score, day=day, well=well))) for day, score, well, _ in TIMELINE]
    assert told == TIMELINE


def test_a_lead_is_published_once_however_often_it_is_looked_at(lead: Lead) -> None:
    assert [lead.told(scored(60, day=day)) for day in (0, 1, 40, 80)] == ["qualified C", None, None, None]


# --------------------------------------------------------------------------------------- hysteresis


@pytest.mark.parametrize(
    ("score", "told"), [(49, None), (40, None), (39, "disqualified score"), (0, "disqualified score")]
)
def test_a_lead_is_one_until_its_score_is_below_the_lower_edge(score: int, told: str | None) -> None:
    lead = Lead(by_points(cooldown=DAY))
    lead.take(scored(50))
    assert lead.told(scored(score, day=1)) == told


def test_an_account_that_fell_to_the_lower_edge_and_no_further_does_not_qualify_anew() -> None:
    lead = Lead(by_points(cooldown=DAY))
    assert [lead.told(scored(score, day=day)) for day, score in enumerate((50, 42, 50))] == ["qualified C", None, None]


def test_an_account_that_fell_below_the_lower_edge_qualifies_anew_after_the_cooldown() -> None:
    lead = Lead(by_points(cooldown=2 * DAY))
    told = [lead.told(scored(score, day=day)) for day, score in enumerate((50, 39, 50))]
    assert told == ["qualified C", "disqualified score", "qualified C"]


def test_an_account_that_never_qualified_is_not_disqualified(lead: Lead) -> None:
    assert [lead.told(scored(0)), lead.told(scored(45, day=1, well=20))] == [None, None]


def test_it_is_disqualified_once(lead: Lead) -> None:
    told = [lead.told(scored(score, day=day)) for day, score in enumerate((50, 39, 20))]
    assert told == ["qualified C", "disqualified score", None]


# ---------------------------------------------------------------------------------- cooldown and tiers


@pytest.mark.parametrize(("micros", "told"), [(-1, None), (0, "qualified C"), (1, "qualified C")])
def test_the_cooldown_counts_from_when_the_lead_was_published(lead: Lead, micros: int, told: str | None) -> None:
    lead.take(scored(60))
    lead.take(scored(10, day=1))
    assert lead.told(scored(60, day=30, micros=micros)) == told


def test_what_the_cooldown_held_back_comes_when_it_is_over(lead: Lead) -> None:
    lead.take(scored(60))
    lead.take(scored(10, day=1))
    assert [lead.told(scored(60, day=day)) for day in (2, 29, 30, 31)] == [None, None, "qualified C", None]


@pytest.mark.parametrize(
    ("first", "then", "told"), [(50, 69, None), (50, 70, "qualified B"), (70, 85, "qualified A"), (85, 99, None)]
)
def test_within_the_cooldown_a_lead_of_a_higher_tier_is_published(first: int, then: int, told: str | None) -> None:
    lead = Lead(by_points())
    lead.take(scored(first))
    lead.take(scored(10, day=1))
    assert lead.told(scored(then, day=2)) == told


def test_a_lead_whose_tier_rises_is_published_again_without_a_fall(lead: Lead) -> None:
    told = [lead.told(scored(score, day=day)) for day, score in enumerate((60, 70, 85))]
    assert told == ["qualified C", "qualified B", "qualified A"]


def test_a_tier_that_was_reached_before_is_not_published_again(lead: Lead) -> None:
    told = [lead.told(scored(score, day=day)) for day, score in enumerate((70, 69, 70, 69, 70))]
    assert told == ["qualified B", None, None, None, None]


def test_a_rise_starts_the_cooldown_anew(lead: Lead) -> None:
    told = [lead.told(scored(score, day=day)) for day, score in ((0, 60), (20, 70), (21, 10), (31, 60), (50, 60))]
    assert told == ["qualified C", "qualified B", "disqualified score", None, "qualified C"]


# --------------------------------------------------------------------------------------- score changed


@pytest.mark.parametrize(
    ("score", "told"),
    [(65, None), (66, "score_changed C"), (45, None), (44, "score_changed C"), (69, "score_changed C")],
)
def test_a_change_of_more_than_ten_points_is_told(lead: Lead, score: int, told: str | None) -> None:
    lead.take(scored(55))
    assert lead.told(scored(score, day=1)) == told


def test_a_change_is_measured_from_the_score_that_was_told_last(lead: Lead) -> None:
    told = [lead.told(scored(score, day=day)) for day, score in enumerate((50, 57, 62, 69, 73))]
    assert told == ["qualified C", None, "score_changed C", None, "qualified B"]


def test_a_change_is_told_once_a_utc_day(lead: Lead) -> None:
    lead.take(scored(50))
    told = [lead.told(scored(score, day=1, micros=after)) for score, after in ((62, 100), (50, 200), (50, DAY))]
    assert told == ["score_changed C", None, "score_changed C"]


def test_a_change_of_an_account_that_is_no_lead_is_not_told(lead: Lead) -> None:
    assert [lead.told(scored(10)), lead.told(scored(49, day=1))] == [None, None]


# ----------------------------------------------------------------------------------------- disqualifiers


@pytest.mark.parametrize(("well", "told"), [(49, "disqualified at_risk"), (50, None), (None, None)])
def test_an_account_at_risk_is_no_lead(lead: Lead, well: int | None, told: str | None) -> None:
    lead.take(scored(60))
    assert lead.told(scored(60, day=1, well=well)) == told


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("active", None),
        ("trialing", None),
        ("past_due", "disqualified account_status"),
        ("paused", "disqualified account_status"),
        ("cancelled", "disqualified account_status"),
        ("internal", "disqualified account_status"),
    ],
)
def test_an_account_that_is_not_served_is_no_lead(lead: Lead, status: str, told: str | None) -> None:
    lead.take(scored(60))
    assert lead.told(scored(60, day=1, profile={"status": status})) == told


def test_a_cancellation_that_was_asked_for_disqualifies(lead: Lead) -> None:
    lead.take(scored(60))
    assert lead.told(scored(60, day=1, cancel_pending=True)) == "disqualified cancel_pending"


def test_a_rule_may_say_what_disqualifies() -> None:
    lead = Lead(by_points(disqualify_when="plan = pro"))
    lead.take(scored(60))
    assert lead.told(scored(60, day=1, profile={"plan": "pro"})) == "disqualified disqualify_when"


def test_what_a_rule_says_disqualifies_only_where_it_is_known() -> None:
    lead = Lead(by_points(disqualify_when="annual_value < 1000"))
    assert lead.told(scored(60)) == "qualified C"


@pytest.mark.parametrize(
    "against",
    [{"well": 49}, {"profile": {"status": "paused"}}, {"cancel_pending": True}, {"profile": {"plan": "pro"}}],
)
def test_nobody_qualifies_while_a_disqualifier_applies(against: dict[str, object]) -> None:
    lead = Lead(by_points(disqualify_when="plan = pro"))
    assert [lead.told(scored(60, **against)), lead.told(scored(60, day=1))] == [None, "qualified C"]


def test_the_reason_is_the_first_that_applies(lead: Lead) -> None:
    lead.take(scored(60))
    all_at_once = scored(10, day=1, well=10, cancel_pending=True, profile={"status": "paused"})
    assert lead.told(all_at_once) == "disqualified account_status"


# ------------------------------------------------------------------------------------------------- when


def test_a_rule_that_does_not_apply_publishes_nothing() -> None:
    lead = Lead(by_points(when="plan = free"))
    assert lead.told(scored(60, profile={"plan": "pro"})) is None


def test_what_was_seen_while_a_rule_did_not_apply_counts_once_it_does() -> None:
    lead = Lead(rule(when="plan = free"))
    lead.take(case({"limit_hits": "4"}, seen=0, profile={"plan": "pro"}))
    assert lead.told(case(day=1)) == "qualified C"


def test_what_a_rule_asks_of_the_health_is_known() -> None:
    assert Lead(by_points(when="health >= 70")).told(scored(60)) == "qualified C"


# ------------------------------------------------------------------------------------ order, repetition


def test_publications_are_numbered(lead: Lead) -> None:
    readings = [scored(score, day=day) for day, score in enumerate((60, 75, 20))]
    published = [judgement.publication for judgement in map(lead.take, readings)]
    assert [each.ordinal for each in published if each is not None] == [1, 2, 3]


def test_a_disqualified_lead_is_told_with_the_tier_it_had(lead: Lead) -> None:
    lead.take(scored(85))
    publication = lead.take(scored(20, day=1)).publication
    assert publication is not None
    assert (publication.tier, publication.score) == ("A", 20)


def test_an_older_reading_publishes_nothing(lead: Lead) -> None:
    lead.take(scored(10, day=2))
    assert lead.told(scored(60, day=1)) is None


def test_what_an_older_reading_saw_counts_from_when_it_was_seen() -> None:
    lead = Lead(rule(criterion("limit_hits >= 3", 40)))
    lead.take(case(day=14))
    assert lead.take(case({"limit_hits": "3"}, day=1, seen=0)).score == 20


def test_a_lead_fades_as_its_points_decay() -> None:
    lead = Lead()
    lead.take(case({"limit_hits": "3"}, seen=0))
    told = [lead.told(case(day=day)) for day in (3, 5, 8, 9)]
    # 60 points are 51.7, 46.8, 40.4 and 38.4
    assert told == [None, "score_changed C", None, "disqualified score"]


VALUES = st.integers(0, 9).map(str)
READINGS = st.builds(
    lambda values, day, seen, well, told: case(
        {name: value for name, value in values.items() if value is not None},
        day=day,
        seen=min(seen, day),
        well=well,
        evidence=told,
    ),
    st.fixed_dictionaries(dict.fromkeys(("limit_hits", "invites", "active_users"), st.none() | VALUES)),
    st.integers(0, 60),
    st.integers(0, 60),
    st.none() | st.integers(0, 100),
    st.lists(st.sampled_from("abcdefg"), max_size=7).map(tuple),
)
RULES = st.builds(
    lambda points, options: rule(
        criterion("limit_hits >= 3", points[0]),
        criterion("invites > 4 or active_users > 4", points[1]),
        criterion("not active_users < 2", points[2]),
        **options,
    ),
    st.tuples(*[st.integers(0, 60)] * 3),
    st.fixed_dictionaries(
        {
            "half_life": st.integers(1, 30).map(lambda days: days * DAY),
            "cooldown": st.integers(1, 30).map(lambda days: days * DAY),
            "hysteresis": st.integers(0, 60),
            "disqualify_when": st.sampled_from([None, "health < 60"]),
        }
    ),
)


@given(RULES, st.lists(READINGS, max_size=12))
def test_a_score_is_never_more_than_all_points_and_never_below_zero(judge: PqlRule, readings: list[Case]) -> None:
    lead = Lead(judge)
    most = sum(each.points for each in judge.criteria)
    assert [score for score in (lead.take(each).score for each in readings) if not 0 <= score <= most] == []


@given(RULES, st.lists(READINGS, min_size=1, max_size=12))
def test_the_same_reading_again_changes_nothing_and_publishes_nothing(judge: PqlRule, readings: list[Case]) -> None:
    lead = Lead(judge)
    for reading in readings:
        first = lead.take(reading)
        again = judged(judge, first.state, reading)
        assert (again.state, again.score, again.publication) == (first.state, first.score, None)


@given(RULES, st.lists(READINGS, max_size=6, unique_by=lambda reading: reading.at), st.randoms(use_true_random=False))
def test_how_criteria_stand_does_not_depend_on_the_order_of_readings(
    judge: PqlRule, readings: list[Case], random: Random
) -> None:
    shuffled = list(readings)
    random.shuffle(shuffled)
    one, other = Lead(judge), Lead(judge)
    for reading in readings:
        one.take(reading)
    for reading in shuffled:
        other.take(reading)
    assert (one.state.at, one.state.criteria) == (other.state.at, other.state.criteria)


@given(RULES, st.lists(READINGS, max_size=12))
def test_a_lead_is_published_as_it_goes_in_and_out_and_up(judge: PqlRule, readings: list[Case]) -> None:
    lead = Lead(judge)
    is_lead, tier, ordinal = False, "D", 0
    for reading in sorted(readings, key=lambda reading: reading.at):
        judgement = lead.take(reading)
        publication = judgement.publication
        if publication is None:
            continue
        ordinal += 1
        assert publication.ordinal == ordinal
        match publication.type:
            case "pql.qualified":
                assert not is_lead or publication.tier < tier
                assert judgement.score >= judge.qualify_at
                is_lead, tier = True, publication.tier
            case _:
                assert is_lead
                is_lead = publication.type == "pql.score_changed"


@given(RULES, st.lists(READINGS, max_size=6))
def test_what_is_remembered_survives_json_at_every_step(judge: PqlRule, readings: list[Case]) -> None:
    state = Qualification()
    for reading in readings:
        state = judged(judge, state, reading).state
        assert Qualification.read(json.loads(json.dumps(state.document()))) == state
