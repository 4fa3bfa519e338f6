from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from briefed_account import HAPPENINGS, NOW, brief, gated, happened, limit_reached, overview, reading, step
from expansion_signals.cli.brief import SeatsBought, brief_of
from expansion_signals.cli.brief_document import _part, document_of
from expansion_signals.cli.brief_html import page_of
from expansion_signals.cli.brief_markdown import markdown_of
from expansion_signals.cli.revenue import Revenue, revenue_of
from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.accounts import Account
from expansion_signals.model.events import Evidence
from expansion_signals.model.happenings import Happening
from expansion_signals.model.instants import DAY
from expansion_signals.model.outcomes import Withdrawal

if TYPE_CHECKING:
    from expansion_signals.cli.brief import Brief

HOSTILE = "<script>alert('x')</script> & \"'` | **_[a](b)_**"
FELL = happened(
    "usage.declined",
    2,
    "Usage of api_calls fell by 40 %",
    None,
    meter="api_calls",
    unit="call",
    usage="9000",
    previous="15000",
    growth="-0.4",
    window="30d",
)


def _tags(page: str) -> set[str]:
    """Return the names of everything that a browser would take for a tag."""
    return set(re.findall(r"<[/!]?([A-Za-z][\w-]*)", page))


def _hostile() -> Brief:
    happenings = (*HAPPENINGS, happened("sharing.grown", 1, HOSTILE, HOSTILE), FELL)
    return brief(happenings, Remembered(), owner=HOSTILE, plan="team")


# ---------------------------------------------------------------------------------------------- what it says


def test_seats_are_those_of_members_of_those_bought() -> None:
    assert brief().seats == SeatsBought(active=9, pending=1, bought=10)


@pytest.mark.parametrize(
    ("profile", "revenue"),
    [
        ({"plan": "team"}, Revenue(Fraction(49), "USD", "catalog")),
        ({"plan": "team", "mrr": {"amount": "1000", "currency": "EUR"}}, Revenue(Fraction(1000), "EUR", "billing")),
        ({"plan": "team", "add_ons": {"extra-api": 2}}, Revenue(Fraction(89), "USD", "catalog")),
        ({"plan": "team", "status": "trialing"}, Revenue(Fraction(0), "USD", "catalog")),
        ({"plan": "gold"}, None),
    ],
)
def test_revenue_is_what_billing_tells_else_what_the_catalog_says(
    profile: dict[str, object], revenue: Revenue | None
) -> None:
    account = Account.model_validate({"version": 1, **profile})
    assert revenue_of(account, overview().configuration.catalog) == revenue


def test_health_is_that_of_the_newest_reading_with_its_parts() -> None:
    made = brief((reading(3, nps=-100), reading(0)))
    assert made.health is not None
    assert [part["part"] for part in made.health["parts"]] == [
        *("engagement", "growth", "utilization", "relationship", "history")
    ]


def test_without_a_reading_the_health_that_deciding_remembers_stands() -> None:
    made = brief((), Remembered(health={"score": 61, "band": "moderate"}))
    assert made.health == {"score": 61, "band": "moderate"}


def test_without_any_health_the_brief_says_so() -> None:
    assert "Not known: no daily reading" in markdown_of(brief((), Remembered()), UTC)


def test_features_are_near_used_or_unused() -> None:
    assert {each.key: each.state for each in brief().features} == {
        "seats": "near",
        "api_calls": "near",
        "storage": "used",
        "exports": "used",
        "dashboards": "used",
        "webhooks": "unused",
    }


def test_an_account_without_a_profile_has_no_brief() -> None:
    known = overview()
    unknown = replace(known, standing=replace(known.standing, profile=None))
    assert brief_of(unknown, Remembered(), ()) is None


# -------------------------------------------------------------------------------------------- opportunities


def test_triggers_that_one_step_solves_are_one_opportunity() -> None:
    first = brief().opportunities.expansion[0]
    assert (first.title, first.times, first.blocked, first.people) == ("Add-on extra-api", 3, 1, 2)


def test_the_step_is_recommended_as_the_account_stands_now() -> None:
    at_that_time = limit_reached(80, 4, recommendation={"kind": "plan", "to": "gold", "price": None})
    assert step(brief((at_that_time,)))["to"] == "extra-api"


def test_where_the_catalog_has_no_step_there_is_a_reason_to_talk() -> None:
    shared = happened("sharing.grown", 1, "Content was shared 6 times", plan="business")
    [talk] = brief((shared,), plan="business").opportunities.expansion
    assert (talk.title, talk.step) == ("A reason to talk", None)


def test_what_blocked_people_comes_before_what_only_told_them() -> None:
    assert brief().opportunities.expansion[0].case == [
        "20,000 of 20,000 calls used (100 %)",
        "16,000 of 20,000 calls used (80 %) (2 times in 90 days)",
    ]


def test_the_weight_falls_with_each_day() -> None:
    assert [brief((gated(days),)).opportunities.expansion[0].weight for days in (0, 45, 89)] == [180, 90, 2]


def test_a_trigger_older_than_90_days_is_no_opportunity() -> None:
    assert brief((gated(90),)).opportunities.expansion == []


def test_what_was_bought_since_is_no_opportunity() -> None:
    assert brief((gated(2),), plan="business").opportunities.expansion == []


def test_what_was_withdrawn_is_no_opportunity() -> None:
    sent = gated(2).what
    evidence = Evidence("e", "/billing", NOW)
    gone = Withdrawal("w", sent.id, "t", "acct-1", evidence, "need_gone", {"id": "r", "version": "v"}, "gate", NOW)
    assert brief((gated(2), Happening(gone, NOW))).opportunities.expansion == []


def test_news_of_leads_are_no_opportunity() -> None:
    changed = happened("pql.score_changed", 1, "Score 60", None, score=60, tier="C")
    assert brief((changed,)).opportunities.expansion == []


# ------------------------------------------------------------------------------------------------ retention


@pytest.mark.parametrize(
    ("happenings", "remembered", "why"),
    [
        ((), Remembered(cancelled=NOW - DAY), "A cancellation was asked for"),
        ((), Remembered(health={"score": 42, "band": "at_risk"}), "Health is 42, at risk"),
        ((FELL,), Remembered(), "Usage of api_calls fell by 40 %"),
    ],
)
def test_retention_comes_first(happenings: tuple[Happening, ...], remembered: Remembered, why: str) -> None:
    assert (brief(happenings, remembered).retention_first or "").startswith(why)


def test_a_cancellation_is_forgotten_when_its_pause_is_over() -> None:
    assert brief((), Remembered(cancelled=NOW - 30 * DAY)).retention_first is None


def test_whoever_may_leave_is_asked_nothing_that_sells() -> None:
    asked = brief((*HAPPENINGS, FELL)).questions
    assert not [question for question in asked if "let you do" in question]


def test_whoever_may_leave_is_asked_why() -> None:
    assert "make you stay" in brief((*HAPPENINGS, FELL)).questions[0]


def test_questions_follow_from_the_evidence() -> None:
    asked = " ".join(brief().questions)
    assert all(part in asked for part in ("Your renewal is near", "17,240 of 20,000 calls", "28 % more", "webhooks"))


# ------------------------------------------------------------------------------------------------- as text


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = page_of(brief(), UTC)
    assert not {"script", "link", "img", "iframe", "object"} & _tags(page)
    assert re.search(r"\s(on\w+|src|href)=|url\(|@import|https?:", page) is None


def test_whatever_an_account_is_called_stays_text_on_the_page() -> None:
    assert _tags(page_of(_hostile(), UTC)) == _tags(page_of(brief((*HAPPENINGS, FELL)), UTC))


def test_whatever_an_account_is_called_stays_text_in_markdown() -> None:
    text = markdown_of(_hostile(), UTC)
    assert re.search(r"(?<!\\)<script", text) is None


def test_every_row_of_a_markdown_table_has_as_many_cells() -> None:
    tables = re.findall(r"(?:^\|.*\|\n)+", markdown_of(_hostile(), UTC), re.MULTILINE)
    widths = [{len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()} for table in tables]
    assert all(len(width) == 1 for width in widths)


def test_the_page_says_what_markdown_says() -> None:
    made = brief()
    page, text = page_of(made, UTC), markdown_of(made, UTC)
    said = [each.title for each in made.opportunities.expansion] + [each.reading for each in made.answers]
    assert all(each in page and each in text.replace("\\", "") for each in said)


def test_scripts_get_amounts_as_decimal_strings() -> None:
    told = json.loads(json.dumps(document_of(brief())))
    assert (told["mrr"]["amount"], told["meters"][0]["growth"], told["features"][1]["utilization"]) == (
        "49.00",
        "0.2829",
        "0.862",
    )


def test_a_share_is_rounded_half_up_below_zero_too() -> None:
    assert [_part(Fraction(each)) for each in ("0.00005", "-0.29268", "1")] == ["0.0001", "-0.2927", "1"]
