"""What health is scored from: counted over closed days, and null where nothing was ever told of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from active_account import ActiveAccount, lead
from expansion_signals.detect.beside import known_of
from expansion_signals.detect.health_inputs import health_inputs, text_of
from expansion_signals.detect.seat_limits import occupancy_at
from expansion_signals.model.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping


def account(**profile: Any) -> ActiveAccount:  # noqa: ANN401 -- of a profile
    return ActiveAccount(lead("limit_hits >= 3"), **profile)


def inputs(who: ActiveAccount, after: int = 0) -> Mapping[str, Any]:
    facts = who.facts(after)
    seats = occupancy_at(who.seats, facts.profile, facts.catalog, facts.at)
    known = known_of(facts.profile, facts.catalog, facts.at, {"activity": who.text, "seats": who.seats})
    return health_inputs(facts._replace(seats=seats), known)


def test_of_an_account_of_which_nothing_was_ever_told_nothing_is_known_but_its_plan() -> None:
    assert {name: value for name, value in inputs(account()).items() if value is not None} == {"features_included": 4}


def test_daily_and_monthly_users_are_those_of_closed_days() -> None:
    who = account()
    for day, users in ((-30, "z"), (-29, "y"), (-8, "x"), (-7, "ab"), (-3, "abc"), (-1, "ad"), (0, "efgh")):
        for user in users:
            who.does("user.active", day * DAY, user=user)
    told = inputs(who)
    assert [told[name] for name in ("daily_active", "monthly_active", "active_days")] == ["1", 7, 6]


def test_how_often_people_come_is_known_once_it_was_told_for_a_week() -> None:
    who = account()
    who.does("user.active", user="ada")
    assert [inputs(who, day * DAY)["active_days"] for day in (0, 6, 7, 30, 31)] == [None, None, 1, 1, 0]


def test_features_in_use_are_those_of_the_plan() -> None:
    who = account()
    for feature in ("dashboards", "sso", "unheard"):
        who.does("feature.used", feature=feature)
    assert [inputs(who)[name] for name in ("features_used", "features_included")] == [1, 4]


@pytest.mark.parametrize(
    ("sentiments", "average"),
    [([1, -1, Decimal("0.5")], "0.1667"), ([Decimal("-0.3")], "-0.3"), ([None, 1], "1"), ([None], None)],
    ids=str,
)
def test_tickets_are_counted_and_what_they_say_is_averaged(sentiments: list[Any], average: str | None) -> None:
    who = account()
    for sentiment in sentiments:
        who.does("support.ticket_opened", sentiment=sentiment)
    assert (inputs(who)["tickets"], inputs(who)["sentiment"]) == (len(sentiments), average)


def test_tickets_leave_after_thirty_days() -> None:
    who = account()
    who.does("support.ticket_opened", sentiment=1)
    assert [(inputs(who, day * DAY)["tickets"], inputs(who, day * DAY)["sentiment"]) for day in (29, 30)] == [
        (1, "1"),
        (0, None),
    ]


@pytest.mark.parametrize(
    ("answers", "nps"),
    [
        ([9], "100"),
        ([8], "0"),
        ([6], "-100"),
        ([10, 9, 8, 7, 6, 0], "0"),
        ([10, 10, 3], "33.33"),
        ([0, *[10] * 20], "100"),
    ],
    ids=str,
)
def test_of_the_last_answers_come_those_who_recommend_it_less_those_who_do_not(answers: list[int], nps: str) -> None:
    who = account(nps=10)
    for number, answer in enumerate(answers):
        who.does("feedback.given", number, kind="nps", score=answer)
    assert inputs(who)["nps"] == nps


def test_of_satisfaction_the_latest_answer_stands_by_its_own_time() -> None:
    who = account(csat=Decimal(1))
    who.does("feedback.given", kind="csat", score=Decimal("4.50"))
    who.does("feedback.given", -DAY, kind="csat", score=2)
    assert inputs(who)["csat"] == "4.5"


def test_without_a_score_that_of_the_profile_stands() -> None:
    told = inputs(account(nps=-20, csat=Decimal("3.5")))
    assert (told["nps"], told["csat"]) == ("-20", "3.5")


@pytest.mark.parametrize(
    ("kind", "score"), [("request", 9), ("nps", None), ("nps", Decimal("1E+400")), ("nps", 11), ("nps", -1)], ids=str
)
def test_what_is_no_score_is_none(kind: str, score: object) -> None:
    who = account()
    who.does("feedback.given", kind=kind, score=score)
    assert inputs(who)["nps"] is None


def test_seats_used_are_a_share_of_the_allowance() -> None:
    who = account(members=["ada"])
    who.does("seat.activated", member="bob")
    assert inputs(who)["seats_utilization"] == "0.4"


@pytest.mark.parametrize(("after", "days"), [(0, 0), (1, 1), (7, 7)])
def test_history_is_the_days_that_closed_since_the_first_event(after: int, days: int) -> None:
    who = account()
    who.does("user.active", user="ada")
    assert inputs(who, after * DAY)["history_days"] == days


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (Fraction(1, 2), "0.5"),
        (Fraction(1, 20_000), "0.0001"),
        (Fraction(-1, 3), "-0.3333"),
        (Fraction(0), "0"),
        (None, None),
    ],
)
def test_a_share_has_four_digits_rounded_half_up(fraction: Fraction | None, text: str | None) -> None:
    assert text_of(fraction) == text
