"""Facts over windows: what each counts, once, where its window ends, and what events leave that nobody asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from active_account import MIDNIGHT, START, ActiveAccount, lead
from expansion_signals.detect.activity import Activity
from expansion_signals.detect.activity_watch import ActivityWatch
from expansion_signals.detect.watches import MOST_REMEMBERED, Seen
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTED = sorted(DEFAULT_WITHIN.keys() - {"usage_growth"})
EACH: dict[str, Callable[[ActiveAccount, int, int], object]] = {
    "limit_hits": lambda who, n, at: who.does("limit.hit", at, meter="calls", user=f"u-{n}"),
    "gated_attempts": lambda who, n, at: who.does("feature.attempted", at, feature="sso", user=f"u-{n}"),
    "gated_users": lambda who, n, at: who.does("feature.attempted", at, feature="sso", user=f"u-{n}"),
    "active_users": lambda who, n, at: who.does("user.active", at, user=f"u-{n}"),
    "features_used": lambda who, n, at: who.does("feature.used", at, feature=f"f-{n}"),
    "next_plan_features": lambda who, n, at: who.does("feature.used", at, feature=("sso", "audit_log")[n % 2]),
    "invites": lambda who, n, at: who.does("seat.invited", at, invite=f"i-{n}", user="ada"),
}
"""By fact, how the n-th of what it counts happens, so long after `START`."""


def asking(*facts: str, plan: str | None = "free") -> ActiveAccount:
    """Return an account of which a rule asks these facts."""
    return ActiveAccount(
        f"{{id: a, signal: cancel_requested, when: {' or '.join(f'{f} > 0' for f in facts)}}}", plan=plan
    )


def test_each_fact_with_a_window_is_tried() -> None:
    assert sorted(EACH) == COUNTED


@pytest.mark.parametrize("fact", COUNTED)
def test_a_fact_is_none_at_first(fact: str) -> None:
    assert asking(fact).fact(fact) == 0


@pytest.mark.parametrize("fact", COUNTED)
def test_a_fact_counts_what_is_different(fact: str) -> None:
    who = asking(fact)
    for number in range(2):
        EACH[fact](who, number, number * MINUTE)
    assert who.fact(fact) == 2


@pytest.mark.parametrize(
    ("fact", "expected"), [(fact, 2 if fact in ("limit_hits", "gated_attempts") else 1) for fact in COUNTED]
)
def test_events_are_counted_each_and_people_and_things_once(fact: str, expected: int) -> None:
    who = asking(fact)
    for number in range(2):
        EACH[fact](who, 1, number * MINUTE)
    assert who.fact(fact) == expected


@pytest.mark.parametrize("fact", COUNTED)
def test_a_window_ends_with_the_day_and_begins_at_midnight(fact: str) -> None:
    who, days = asking(fact), DEFAULT_WITHIN[fact] // DAY
    EACH[fact](who, 1, 0)
    last = MIDNIGHT + days * DAY - START
    assert (who.fact(fact, after=last - 1), who.fact(fact, after=last)) == (1, 0)


@pytest.mark.parametrize("fact", COUNTED)
def test_a_late_event_counts_on_its_own_day(fact: str) -> None:
    who, days = asking(fact), DEFAULT_WITHIN[fact] // DAY
    EACH[fact](who, 1, 0)
    who.late = 20 * HOUR
    EACH[fact](who, 2, -20 * HOUR)
    last = MIDNIGHT + (days - 1) * DAY - START
    assert (who.fact(fact), who.fact(fact, after=last - 1), who.fact(fact, after=last)) == (2, 2, 1)


@pytest.mark.parametrize("fact", COUNTED)
def test_a_duplicate_counts_nothing(fact: str) -> None:
    who = asking(fact)
    EACH[fact](who, 1, 0)
    before = who.text
    event = UsageEvent("/apps/web", "e-1", "expansion.limit.hit.v1", "acct-1", START + HOUR, {"meter": "calls"})
    who.sees(event, outcome="duplicate")
    assert who.text == before


@pytest.mark.parametrize("fact", COUNTED)
def test_backfill_counts(fact: str) -> None:
    who, noun = asking(fact), {"limit_hits": "limit.hit"}.get(fact)
    EACH[fact](who, 1, 0)
    if noun:
        who.does(noun, MINUTE, backfill=True, meter="calls")
    assert who.fact(fact) == (2 if noun else 1)


@pytest.mark.parametrize("fact", COUNTED)
def test_an_account_not_yet_known_is_counted(fact: str) -> None:
    who = asking(fact, plan=None)
    EACH[fact](who, 1, 0)
    who.becomes(MINUTE)
    assert who.fact(fact) == 1


@pytest.mark.parametrize("fact", COUNTED)
def test_a_window_of_hours_is_one_of_hours(fact: str) -> None:
    who = ActiveAccount(lead(f"{fact} > 0, 24h"))
    EACH[fact](who, 1, 0)
    begins = 24 * HOUR
    assert (who.fact(fact, 24 * HOUR, begins - 1), who.fact(fact, 24 * HOUR, begins)) == (1, 0)


@pytest.mark.parametrize("fact", COUNTED)
def test_what_shows_a_fact_is_named(fact: str) -> None:
    who = asking(fact)
    EACH[fact](who, 1, 0)
    shown = who.facts().shown(fact, DEFAULT_WITHIN[fact])
    assert (shown.first, shown.last, shown.evidence) == (START, START, ["e-1"])


@pytest.mark.parametrize("fact", sorted(set(COUNTED) - {"limit_hits", "gated_attempts"}))
def test_what_brings_nothing_new_on_its_day_is_no_evidence_and_writes_nothing(fact: str) -> None:
    who = asking(fact)
    EACH[fact](who, 1, 0)
    EACH[fact](who, 1, SECOND)
    assert (who.facts().shown(fact, DEFAULT_WITHIN[fact]).evidence, who.ticks) == (["e-1"], 1)


# ------------------------------------------------------------------------------------ what counts, and what not


@pytest.mark.parametrize(("apart", "expected"), [(30 * SECOND - 1, 1), (30 * SECOND, 2)], ids=str)
def test_a_re_render_is_no_attempt(apart: int, expected: int) -> None:
    who = asking("gated_attempts")
    EACH["gated_attempts"](who, 1, 0)
    EACH["gated_attempts"](who, 1, apart)
    assert who.fact("gated_attempts") == expected


def test_attempts_of_two_users_and_on_two_features_are_no_re_renders() -> None:
    who = asking("gated_attempts")
    for feature, user in (("sso", "ada"), ("sso", "bob"), ("audit_log", "ada")):
        who.does("feature.attempted", feature=feature, user=user)
    assert who.fact("gated_attempts") == 3


def test_an_attempt_on_what_the_plan_includes_is_a_use() -> None:
    who = asking("gated_attempts", "gated_users", "features_used")
    who.does("feature.attempted", feature="dashboards", user="ada")
    assert [who.fact(fact) for fact in ("gated_attempts", "gated_users", "features_used")] == [0, 0, 1]


def test_an_attempt_on_what_the_plan_does_not_include_is_no_use() -> None:
    who = asking("features_used")
    who.does("feature.attempted", feature="sso", user="ada")
    assert who.fact("features_used") == 0


@pytest.mark.parametrize(("plan", "expected"), [("free", 2), ("pro", 1), ("enterprise", 0)])
def test_features_of_higher_plans_are_those_above_the_present_one(plan: str, expected: int) -> None:
    who = asking("next_plan_features")
    who.does("feature.used", feature="sso")
    who.does("feature.attempted", feature="audit_log", user="ada")
    who.does("feature.used", feature="dashboards")
    who.does("feature.used", feature="of-no-plan")
    who.becomes(plan=plan)
    assert who.fact("next_plan_features") == expected


@pytest.mark.parametrize(
    ("noun", "told"),
    [
        ("limit.hit", {"meter": "calls"}),
        ("feature.attempted", {"feature": "sso"}),
        ("feature.used", {"feature": "dashboards"}),
        ("seat.invited", {"invite": "i-1", "guest": True}),
        ("content.shared", {}),
        ("integration.connected", {"integration": "slack"}),
        ("data.exported", {}),
        ("interest.shown", {"product": "analytics"}),
        ("subscription.cancel_requested", {}),
        ("feedback.given", {"kind": "nps"}),
    ],
)
def test_whoever_a_built_in_event_names_is_active(noun: str, told: dict[str, object]) -> None:
    who = asking("active_users")
    who.does(noun, user="ada", **told)
    assert who.fact("active_users") == 1


def test_usage_makes_nobody_active() -> None:
    who = asking("active_users")
    who.does("usage.recorded", user="ada", meter="calls", value=1)
    assert who.text == ""


def test_a_guest_is_no_invite_and_an_invite_sent_again_counts_once() -> None:
    who = asking("invites")
    who.does("seat.invited", invite="i-1", user="ada")
    who.does("seat.invited", 3 * DAY, invite="i-1", user="ada")
    who.does("seat.invited", 3 * DAY, invite="i-2", user="ada", guest=True)
    assert (who.fact("invites", after=3 * DAY), who.fact("invites", after=7 * DAY)) == (1, 0)


# ------------------------------------------------------------------------------------ what is kept


@pytest.mark.parametrize("fact", COUNTED)
def test_nothing_is_remembered_that_no_rule_asks_for(fact: str) -> None:
    who = ActiveAccount("{id: a, signal: cancel_requested, when: plan = free}")
    EACH[fact](who, 1, 0)
    assert who.text == ""


def test_a_fact_that_is_asked_for_keeps_no_other() -> None:
    who = asking("limit_hits")
    for happens in EACH.values():
        happens(who, 1, 0)
    assert (set(who.facts().note.traces), who.facts().note.samples) == ({"limit_hits"}, {})


@pytest.mark.parametrize(("users", "exact"), [(MOST_REMEMBERED, True), (MOST_REMEMBERED + 1, False)])
def test_five_hundred_users_are_told_apart_and_more_are_estimated(users: int, *, exact: bool) -> None:
    who = asking("active_users")
    happened = UsageEvent("/apps/web", "e", "expansion.user.active.v1", "acct-1", START, {})
    who.sees(*(happened._replace(id=f"e-{n}", data={"user": f"u-{n}"}) for n in range(users)))
    counted = who.fact("active_users")
    assert counted is not None
    assert (counted == users, abs(counted - users) < 60) == (exact, True)


def test_a_month_of_five_hundred_users_takes_less_than_16_kilobytes() -> None:
    who = asking("active_users")
    happened = UsageEvent("/apps/web", "e", "expansion.user.active.v1", "acct-1", START, {})
    note, watch = Activity(), ActivityWatch(who.configuration.asked)
    for day in range(31):
        for number in range(500):
            at = START + day * DAY
            event = happened._replace(time=at, id=f"{day}-{number}", data={"user": f"u-{number}"})
            watch.take(note, Seen(event, at, None, who.configuration.catalog, ()))
    assert len(note.written()) < 16_000


def test_no_note_of_any_account_passes_128_kilobytes() -> None:
    """Everything that can be asked for, in days and in hours, of thousands of users, features and invites."""
    who = ActiveAccount(lead(*(f"{fact} > 0, {window}" for fact in COUNTED for window in ("24h", "62d"))))
    note, watch = Activity(), ActivityWatch(who.configuration.asked)
    nouns = ("user.active", "feature.used", "feature.attempted", "seat.invited", "limit.hit", "feedback.given")
    for number in range(9_000):
        day, noun = number // 150, nouns[number % 6]
        told = {
            "user": f"u-{number}",
            "feature": f"f-{number}",
            "meter": "calls",
            "invite": f"i-{number}",
            "kind": "nps",
            "score": 9,
        }
        at = START + day * DAY + number % 150 * 9 * MINUTE
        event = UsageEvent("/apps/web", f"e-{number}", f"expansion.{noun}.v1", "acct-1", at, told)
        watch.take(note, Seen(event, at, None, who.configuration.catalog, ()))
    assert 20_000 < len(note.written()) < 128_000
