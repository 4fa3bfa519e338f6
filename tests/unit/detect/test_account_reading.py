"""Readings: told when a comparison of a criterion turns, once, and what they tell."""

from __future__ import annotations

from typing import Any

import pytest

from active_account import START, ActiveAccount, lead
from expansion_signals.decide.candidates import candidate_in
from expansion_signals.model.instants import DAY, HOUR, MINUTE
from expansion_signals.rules.spellings import read_window

THREE_HITS = lead("limit_hits >= 3")


def hits(who: ActiveAccount, times: int, after: int = 0, **how: Any) -> list[list[str]]:  # noqa: ANN401 -- as `does`
    """Let the account hit a limit so often; return what each told."""
    return [
        [signal.data["reason"] for signal in who.does("limit.hit", after + number, meter="calls", **how)]
        for number in range(times)
    ]


def test_a_reading_is_told_once_a_comparison_turns_and_not_again() -> None:
    assert hits(ActiveAccount(THREE_HITS), 100) == [[], [], ["evidence"], *[[]] * 97]


def test_a_reading_is_told_when_it_turns_back() -> None:
    who = ActiveAccount(THREE_HITS)
    hits(who, 3)
    assert hits(who, 1, 14 * DAY) == [["evidence"]]


def test_each_comparison_turns_by_itself() -> None:
    who = ActiveAccount(lead("limit_hits >= 1 and active_users >= 1"))
    told = [hits(who, 1), [[each.data["reason"] for each in who.does("user.active", HOUR, user="ada")]]]
    assert told == [[["evidence"]], [["evidence"]]]


def test_what_health_may_decide_is_told_by_the_comparison_beside_it() -> None:
    who = ActiveAccount(lead("health >= 70 and limit_hits >= 3"))
    assert hits(who, 3) == [[], [], ["evidence"]]


def test_an_event_that_no_criterion_names_is_silent() -> None:
    who = ActiveAccount(THREE_HITS)
    assert [who.does("user.active", user=f"u-{n}") for n in range(5)] == [[]] * 5


@pytest.mark.parametrize(("how", "late"), [({"backfill": True}, 0), ({}, HOUR + 1)], ids=["backfill", "late"])
def test_what_backfill_or_a_late_event_turns_is_told_by_the_next_event(how: dict[str, Any], late: int) -> None:
    who = ActiveAccount(THREE_HITS)
    who.late = late
    told = hits(who, 3, **how)
    who.late = 0
    assert (told, hits(who, 1, HOUR)) == ([[], [], []], [["evidence"]])


def test_of_an_account_not_yet_known_the_profile_tells() -> None:
    who = ActiveAccount(THREE_HITS, plan=None)
    assert (hits(who, 3), [each.data["plan"] for each in who.becomes(HOUR)]) == ([[], [], []], ["free"])


def test_a_profile_that_turns_a_comparison_is_told() -> None:
    who = ActiveAccount(lead("plan = pro and annual_value > 1000"))
    found = [who.becomes(), who.becomes(plan="pro"), who.becomes(plan="pro")]
    assert [[each.evidence.id for each in signals] for signals in found] == [[], ["u-3"], []]


def test_seats_are_told_by_the_event_that_takes_them() -> None:
    who = ActiveAccount(lead("seats_used >= 3"), members=["ada", "bob"])
    (found,) = who.does("seat.invited", MINUTE, invite="i-1", user="ada")
    assert (found.data["seats"], found.data["facts"][0]["observed"]) == (
        {"used": "3", "pending": "1", "allowance": "5"},
        "3",
    )


def test_one_who_leaves_turns_seats_back() -> None:
    who = ActiveAccount(lead("seats_used >= 2"), members=["ada", "bob"])
    told = [len(who.does(noun, MINUTE, member="bob")) for noun in ("seat.activated", "seat.removed")]
    assert told == [1, 1]


def test_a_reading_has_an_id_of_its_own_that_is_the_same_again() -> None:
    first, again = ActiveAccount(THREE_HITS), ActiveAccount(THREE_HITS)
    ids = [[each.id for n in range(3) for each in who.does("limit.hit", n, meter="calls")] for who in (first, again)]
    other = [each.id for each in first.does("limit.hit", 14 * DAY, meter="calls")]
    assert (ids[0] == ids[1], len({*ids[0], *other})) == (True, 2)


def test_a_reading_is_of_the_newest_event_that_it_knows() -> None:
    who = ActiveAccount(THREE_HITS)
    hits(who, 2, HOUR)
    who.late = 50 * MINUTE
    (found,) = who.does("limit.hit", 20 * MINUTE, meter="calls")
    assert (found.evidence.id, found.evidence.time) == ("e-3", START + HOUR + 1)


def test_nobody_decides_a_reading() -> None:
    who = ActiveAccount(THREE_HITS)
    (found,) = [each for n in range(3) for each in who.does("limit.hit", n, meter="calls")]
    assert (found.type, found.keys, found.shadow, candidate_in(found, "0:0")) == ("reading", (), False, None)


def test_a_reading_tells_of_every_fact_and_window_that_a_criterion_names() -> None:
    who = ActiveAccount(
        lead("limit_hits >= 3", "limit_hits >= 9, 24h", "usage_growth > 50%", "plan = pro and health > 5")
    )
    (found,) = [each for n in range(3) for each in who.does("limit.hit", n * HOUR, meter="calls", session="s-1")]
    shown = {
        "observed": "3",
        "first_seen": "2026-11-22T10:00:00Z",
        "last_seen": "2026-11-22T12:00:00Z",
        "evidence": ["e-1", "e-2", "e-3"],
    }
    assert [found.data["session"], *found.data["facts"]] == [
        "s-1",
        {"fact": "limit_hits", "within": "24h", **shown},
        {"fact": "limit_hits", "within": "14d", **shown},
        {
            "fact": "usage_growth",
            "within": "30d",
            "observed": None,
            "first_seen": None,
            "last_seen": None,
            "evidence": [],
        },
    ]


def test_a_reading_has_the_parts_that_its_readers_rely_on() -> None:
    who = ActiveAccount(THREE_HITS)
    (found,) = [each for n in range(3) for each in who.does("limit.hit", n, meter="calls", user="ada")]
    assert list(found.data) == [
        "reason",
        "plan",
        "user",
        "session",
        "facts",
        "levels",
        "seats",
        "health_inputs",
        "account",
    ]
    assert (found.data["reason"], found.data["plan"], found.data["user"]) == ("evidence", "free", "ada")
    assert (found.data["levels"], found.data["seats"], found.evidence.time) == ([], None, START + 2)


def test_without_criteria_nothing_is_told() -> None:
    who = ActiveAccount("{id: a, signal: cancel_requested, when: limit_hits >= 3}")
    assert hits(who, 5) == [[]] * 5


@pytest.mark.parametrize("within", ["14d", "2d", "24h", "36h", "60h", "90m", "45s"])
def test_a_window_is_written_so_that_it_is_read_as_the_same(within: str) -> None:
    who = ActiveAccount(lead(f"limit_hits >= 1, {within}"))
    (found,) = who.does("limit.hit", meter="calls")
    assert [read_window(each["within"]) for each in found.data["facts"]] == [read_window(within)]
