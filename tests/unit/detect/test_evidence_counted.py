"""What each signal that counts in a window counts, and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evidence_courses import COURSES, START, Course, Walk
from expansion_signals.detect.watches import MOST_REMEMBERED
from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

BY_SIGNAL = {course.signal: course for course in COURSES}
INTEREST, EXPORTS, SHARING = BY_SIGNAL["interest_grown"], BY_SIGNAL["workflow_gap_found"], BY_SIGNAL["sharing_grown"]
TEAM, NETWORKS, REGIONS = BY_SIGNAL["team_grown"], BY_SIGNAL["network_added"], BY_SIGNAL["region_added"]
USE_CASES, SUPPORT = BY_SIGNAL["use_case_added"], BY_SIGNAL["support_pattern_found"]


def active(walk: Walk, after: int = 0, **where: str) -> list[Signal]:
    """Let a user be active from somewhere."""
    return walk.told(after, {"user": "ada", **where})


def test_products_are_counted_apart() -> None:
    walk = Walk(INTEREST)
    walk.goes_often(2)
    assert walk.told(0, {"product": "billing"}) == []


def test_exports_count_whatever_their_destination() -> None:
    walk = Walk(EXPORTS)
    found = [
        signal
        for place in ("excel", None, "tableau", "excel", None)
        for signal in walk.told(0, {"user": "ada", "destination": place})
    ]
    assert [signal.data["destinations"] for signal in found] == [["excel", "tableau"]]


def test_at_most_ten_destinations_are_named() -> None:
    walk = Walk(EXPORTS, attempts=12)
    found = [signal for n in range(12) for signal in walk.told(0, {"user": "ada", "destination": f"d-{n}"})]
    assert [len(signal.data["destinations"]) for signal in found] == [10]


def test_a_destination_with_a_long_name_is_cut() -> None:
    walk = Walk(EXPORTS, attempts=1)
    (found,) = walk.told(0, {"user": "ada", "destination": "d" * 500})
    assert len(found.data["destinations"][0]) == 40


@pytest.mark.parametrize("external", [False, None], ids=str)
def test_sharing_with_users_is_not_counted(external: object) -> None:
    walk = Walk(SHARING)
    walk.goes_often(4)
    assert walk.told(0, {"user": "ada", "external": external}) == []


def invites(walk: Walk, *days: tuple[int, int]) -> list[Signal]:
    """Send so many invites on each of these days."""
    return [signal for day, number in days for signal in walk.goes_often(number, day * DAY)]


@pytest.mark.parametrize(("before", "fires"), [(2, True), (3, False), (4, False)])
def test_a_team_grows_where_more_are_invited_than_before(before: int, *, fires: bool) -> None:
    walk = Walk(TEAM, attempts=3, cooldown=1)
    invites(walk, (-7, before))
    assert bool(invites(walk, (0, 3))) == fires


def test_the_invites_before_are_told() -> None:
    walk = Walk(TEAM)
    (found,) = invites(walk, (-13, 1), (-7, 1), (0, 3))
    assert (found.data["previous"], found.data["why"]) == (2, "3 people were invited in 7 days, 2 in the 7 days before")


def test_what_lies_further_back_than_two_windows_plays_no_part() -> None:
    walk = Walk(TEAM)
    (found,) = invites(walk, (-14, 2), (0, 3))
    assert found.data["previous"] == 0


def test_an_invite_counts_once() -> None:
    walk = Walk(TEAM)
    invites(walk, (0, 2))
    assert walk.told(HOUR, TEAM.data(1)) == []


def test_a_guest_is_not_of_the_team() -> None:
    walk = Walk(TEAM)
    invites(walk, (0, 2))
    assert walk.told(HOUR, {"invite": "g-1", "user": "ada", "guest": True}) == []


def test_a_blocked_invite_counts() -> None:
    walk = Walk(TEAM)
    invites(walk, (0, 2))
    assert len(walk.told(HOUR, {"invite": "b-1", "user": "ada", "blocked": True})) == 1


def test_a_network_counts_once() -> None:
    walk = Walk(NETWORKS)
    assert [active(walk, network=name) for name in ("a", "b", "a", "b")] == [[], [], [], []]


def test_a_network_counts_from_its_last_sighting() -> None:
    walk = Walk(NETWORKS)
    active(walk, -20 * DAY, network="a")
    active(walk, -DAY, network="a")
    active(walk, network="b")
    assert len(active(walk, network="c")) == 1


def test_a_network_seen_yesterday_and_told_today_counts_in_the_window_that_ends_today() -> None:
    walk = Walk(NETWORKS)
    midnight = DAY - START % DAY
    active(walk, midnight, network="a")
    active(walk, midnight, network="b")
    assert len(active(walk, midnight - 1, network="c")) == 1


@pytest.mark.parametrize(
    ("course", "data"),
    [
        (NETWORKS, {"user": "ada", "network": "a"}),
        (REGIONS, {"user": "ada", "region": "a"}),
        (USE_CASES, {"feature": "a"}),
    ],
    ids=lambda each: each.signal if isinstance(each, Course) else "",
)
def test_what_is_known_of_the_day_changes_nothing_in_the_note(course: Course, data: dict[str, Any]) -> None:
    walk = Walk(course)
    walk.told(0, data)
    before = dict(walk.texts)
    walk.told(HOUR, data)
    assert walk.texts == before


@pytest.mark.parametrize("course", [NETWORKS, REGIONS], ids=lambda course: course.signal)
def test_who_is_active_from_nowhere_tells_nothing(course: Course) -> None:
    walk = Walk(course)
    before = dict(walk.texts)
    active(walk)
    assert walk.texts == before


def test_departments_roles_and_regions_are_counted_together() -> None:
    walk = Walk(REGIONS)
    active(walk, -60 * DAY, department="sales", role="seller", region="emea")
    active(walk, department="legal", role="seller", region="emea")
    (found,) = active(walk, department="legal", role="seller", region="apac")
    assert found.data["values"] == [{"kind": "department", "value": "legal"}, {"kind": "region", "value": "apac"}]


@pytest.mark.parametrize("course", [REGIONS, USE_CASES], ids=lambda course: course.signal)
def test_of_a_new_account_nothing_is_new(course: Course) -> None:
    walk = Walk(course._replace(settled=False))
    assert walk.goes_often(5) == []


def test_what_a_product_begins_to_send_is_not_new() -> None:
    walk = Walk(REGIONS)
    assert [active(walk, role=role) for role in ("seller", "buyer", "lawyer")] == [[], [], []]


def test_what_was_there_before_the_window_and_comes_back_is_not_new() -> None:
    walk = Walk(REGIONS)
    active(walk, -100 * DAY, region="apac")
    active(walk, region="latam")
    assert active(walk, region="apac") == []


def test_a_late_first_sighting_makes_a_value_older() -> None:
    walk = Walk(USE_CASES)
    walk.told(0, {"feature": "exports"})
    walk.told(-40 * DAY, {"feature": "exports"}, backfill=True)
    assert walk.told(HOUR, {"feature": "api"}) == []


@pytest.mark.parametrize(("plan", "fires"), [("pro", True), ("free", False)])
def test_an_attempt_on_what_the_plan_includes_is_a_use(plan: str, *, fires: bool) -> None:
    walk = Walk(USE_CASES)
    walk.profile = Account(version=1, plan=plan)
    walk.goes()
    found = walk.told(0, {"feature": "sso", "user": "ada"}, type="expansion.feature.attempted.v1")
    assert bool(found) == fires


def test_of_too_many_values_no_further_one_is_new() -> None:
    walk = Walk(USE_CASES)
    for n in range(MOST_REMEMBERED):
        walk.told(-100 * DAY, {"feature": f"old-{n}"})
    assert [walk.told(0, {"feature": feature}) for feature in ("new-1", "new-2", "new-3")] == [[], [], []]


@pytest.mark.parametrize(("plan", "fires"), [("free", True), ("pro", False), ("enterprise", False)])
def test_tickets_count_where_a_higher_plan_includes_the_feature(plan: str, *, fires: bool) -> None:
    walk = Walk(SUPPORT)
    walk.profile = Account(version=1, plan=plan)
    walk.told(0, {"feature": "sso"})
    assert bool(walk.told(0, {"feature": "sso"})) == fires


@pytest.mark.parametrize("data", [{"feature": "dashboards"}, {"feature": "unheard"}, {}], ids=str)
def test_a_ticket_about_anything_else_is_not_counted(data: dict[str, Any]) -> None:
    walk = Walk(SUPPORT)
    walk.goes()
    assert walk.told(0, data) == []


def test_after_an_upgrade_tickets_about_what_it_brought_no_longer_count() -> None:
    walk = Walk(SUPPORT)
    walk.told(0, {"feature": "sso"})
    walk.profile = Account(version=2, plan="pro")
    assert walk.told(0, {"feature": "audit_log"}) == []


def test_a_rule_of_one_feature_counts_its_tickets_only() -> None:
    walk = Walk(SUPPORT, feature="sso")
    assert [len(walk.told(0, {"feature": feature})) for feature in ("sso", "audit_log", "sso")] == [0, 0, 1]


def test_of_too_many_sightings_the_oldest_go_first() -> None:
    walk = Walk(EXPORTS, attempts=MOST_REMEMBERED + 1)
    for n in range(MOST_REMEMBERED):
        walk.told(0, {"user": f"u-{n}", "destination": "excel"})
    assert walk.told(0, {"user": "one more", "destination": "excel"}) == []


def test_many_exports_of_one_person_are_counted_exactly() -> None:
    walk = Walk(EXPORTS, attempts=1_000)
    found = [signal for _ in range(1_000) for signal in walk.told(0, {"user": "ada", "destination": "excel"})]
    assert [signal.data["events"] for signal in found] == [1_000]


def test_what_no_rule_looks_back_to_is_forgotten() -> None:
    walk = Walk(EXPORTS)
    walk.goes(-15 * DAY)
    walk.goes()
    (text,) = walk.texts.values()
    assert str((START - 15 * DAY) // DAY * DAY) not in text


def test_an_event_of_yesterday_has_its_whole_window() -> None:
    walk = Walk(EXPORTS)
    midnight = DAY - START % DAY
    walk.goes_often(4, midnight - 14 * DAY)
    walk.goes(midnight)
    assert len(walk.goes(midnight - 1)) == 1


def test_an_invite_sent_again_after_two_windows_is_known() -> None:
    walk = Walk(TEAM)
    invites(walk, (-60, 1), (0, 2))
    assert walk.told(0, TEAM.data(1)) == []
