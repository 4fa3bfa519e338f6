"""Signals that one event is enough for: when each fires, and when it does not again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evidence_courses import ADMIN, CANCEL, HIT, INTEGRATION, PRODUCT, START, Course, Walk
from expansion_signals.detect.admin_features import ADMINISTRATIVE
from expansion_signals.model.accounts import Account
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.kinds import KINDS
from expansion_signals.rules.configuration import WatchRule
from watched_account import WatchedAccount, fired, past

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

ALL = (HIT, CANCEL, INTEGRATION, ADMIN, PRODUCT)

CONTENTS: dict[str, dict[str, Any]] = {
    "limit_hit": {"meter": "api_calls", "feature": None, "why": "ada was refused at the limit of api_calls"},
    "cancel_requested": {"reason": "too expensive", "why": "ada asked to cancel: too expensive"},
    "integration_connected": {"integration": "slack", "why": "slack was connected for the first time"},
    "admin_feature_requested": {
        "feature": "sso",
        "how": "attempted",
        "why": "ada tried sso; the plan does not include it",
    },
    "product_requested": {"product": "analytics", "why": "ada asked for the product analytics"},
}

every_course = pytest.mark.parametrize("course", ALL, ids=lambda course: course.signal)
cooling = pytest.mark.parametrize(
    ("course", "cooldown"), [(CANCEL, DAY), (ADMIN, 30 * DAY), (PRODUCT, 30 * DAY)], ids=lambda each: str(each)[:20]
)


def request(walk: Walk, after: int = 0, **data: Any) -> list[Signal]:  # noqa: ANN401 -- properties of the event
    """Ask for something in feedback."""
    return walk.told(after, {"kind": "request", **data}, type="expansion.feedback.given.v1")


@every_course
def test_the_first_event_fires(course: Course) -> None:
    (found,) = Walk(course).goes()
    assert KINDS[found.type].rule == course.signal


@every_course
def test_a_signal_says_what_it_is_about(course: Course) -> None:
    (found,) = Walk(course).goes()
    assert found.data.items() >= CONTENTS[course.signal].items()


@every_course
@pytest.mark.parametrize(("late", "fires"), [(HOUR, True), (HOUR + 1, False)], ids=["an hour", "more than an hour"])
def test_what_comes_more_than_an_hour_late_fires_nothing(course: Course, late: int, *, fires: bool) -> None:
    walk = Walk(course)
    walk.late = late
    assert bool(fired(walk.goes())) == fires


@every_course
def test_backfill_fires_nothing(course: Course) -> None:
    assert fired(Walk(course).goes(backfill=True)) == []


@pytest.mark.parametrize("course", ALL[1:], ids=lambda course: course.signal)
@pytest.mark.parametrize(("late", "backfill", "why"), [(HOUR + 1, False, "too_old_to_fire"), (DAY, True, "backfill")])
def test_what_may_not_fire_is_told_as_past(course: Course, late: int, why: str, *, backfill: bool) -> None:
    walk = Walk(course)
    walk.late = late
    assert past(walk.goes(backfill=backfill)) == [why]


def test_a_hit_that_may_not_be_told_is_not_told_as_past_either() -> None:
    assert Walk(HIT).goes(backfill=True) == []


@every_course
def test_an_account_not_yet_known_fires_nothing(course: Course) -> None:
    walk = Walk(course)
    walk.profile = None
    assert walk.goes() == []


@every_course
def test_a_shadow_rule_says_so(course: Course) -> None:
    assert [signal.shadow for signal in Walk(course, shadow=True).goes()] == [True]


@cooling
@pytest.mark.parametrize(("early", "fires"), [(1, False), (0, True)], ids=["within it", "after it"])
def test_it_fires_again_when_its_cooldown_is_over(course: Course, cooldown: int, early: int, *, fires: bool) -> None:
    walk = Walk(course)
    walk.goes()
    assert bool(walk.goes(cooldown - early)) == fires


@cooling
def test_it_fires_again_under_another_id(course: Course, cooldown: int) -> None:
    walk = Walk(course)
    assert walk.goes()[0].id != walk.goes(cooldown)[0].id


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], ["reading"]),
        ([WatchRule("a", "v1", "cancel_requested", shadow=True)], ["cancel.requested", "reading"]),
        ([WatchRule("a", "v1", "cancel_requested")], ["cancel.requested"]),
    ],
    ids=["no rule", "one that is tried out", "one that tells of it"],
)
def test_deciding_hears_of_a_cancellation_whether_a_rule_tells_of_it_or_not(
    rules: list[WatchRule], told: list[str]
) -> None:
    account = WatchedAccount(CANCEL.watch, rules)
    event = UsageEvent("/apps/web", "e-1", "expansion.subscription.cancel_requested.v1", "acct-1", START, {})
    assert [signal.type for signal in account.sees(event)] == told


def test_a_rules_own_cooldown_stands_above_the_default() -> None:
    walk = Walk(CANCEL, cooldown=HOUR)
    walk.goes()
    assert (len(walk.goes(HOUR - 1)), len(walk.goes(HOUR))) == (0, 1)


def test_each_hit_of_a_limit_is_told_under_its_own_id() -> None:
    walk = Walk(HIT)
    assert len({signal.id for _ in range(3) for signal in walk.goes()}) == 3


def test_a_hit_is_told_once_however_many_rules_ask_for_it() -> None:
    walk = Walk(HIT)
    walk.rules = [*walk.rules, *walk.rules]
    assert len(walk.goes()) == 1


def test_nothing_is_decided_on_a_hit() -> None:
    (found,) = Walk(HIT).goes()
    assert found.keys == ()


def test_hits_of_another_meter_than_the_rules_are_not_told() -> None:
    assert Walk(HIT, meter="exports").goes() == []


def test_a_known_integration_never_fires_again() -> None:
    walk = Walk(INTEGRATION)
    walk.goes()
    assert walk.goes(400 * DAY) == []


def test_an_integration_that_was_first_seen_late_is_known() -> None:
    walk = Walk(INTEGRATION)
    walk.late = 2 * HOUR
    walk.goes()
    walk.late = 0
    assert walk.goes(DAY) == []


def test_another_integration_fires_under_another_id() -> None:
    walk = Walk(INTEGRATION)
    assert walk.goes()[0].id != walk.told(HOUR, {"integration": "jira"})[0].id


@pytest.mark.parametrize("feature", sorted(ADMINISTRATIVE))
def test_administrative_features_are_known_by_their_key(feature: str) -> None:
    assert Walk(ADMIN).told(0, {"feature": feature, "user": "ada"})


def test_another_feature_is_not_administrative() -> None:
    assert Walk(ADMIN).told(0, {"feature": "charts", "user": "ada"}) == []


def test_a_rule_may_name_what_is_administrative() -> None:
    walk = Walk(ADMIN, feature="charts")
    assert [len(walk.told(0, {"feature": feature, "user": "ada"})) for feature in ("charts", "sso")] == [1, 0]


def test_an_administrative_feature_that_the_plan_includes_is_not_asked_for() -> None:
    walk = Walk(ADMIN)
    walk.profile = Account(version=1, plan="pro")
    assert [len(walk.told(0, {"feature": feature, "user": "ada"})) for feature in ("sso", "audit_log")] == [0, 1]


def test_a_feature_may_be_asked_for_in_feedback() -> None:
    (found,) = request(Walk(ADMIN), feature="audit_log", user="bob")
    assert (found.data["how"], found.data["why"]) == (
        "requested",
        "bob asked for audit_log; the plan does not include it",
    )


def test_asking_for_what_was_tried_is_silent() -> None:
    walk = Walk(ADMIN)
    walk.goes()
    assert request(walk, HOUR, feature="sso") == []


def test_another_administrative_feature_fires_for_itself() -> None:
    walk = Walk(ADMIN)
    walk.goes()
    assert len(request(walk, HOUR, feature="audit_log")) == 1


@pytest.mark.parametrize("course", [ADMIN, PRODUCT], ids=lambda course: course.signal)
@pytest.mark.parametrize("kind", ["nps", "csat"])
def test_a_score_asks_for_nothing(course: Course, kind: str) -> None:
    data = {"kind": kind, "score": 9, "feature": "sso", "product": "analytics"}
    assert Walk(course).told(0, data, type="expansion.feedback.given.v1") == []


def test_a_request_without_a_product_asks_for_none() -> None:
    assert request(Walk(PRODUCT), feature="sso") == []


def test_another_product_fires_for_itself() -> None:
    walk = Walk(PRODUCT)
    walk.goes()
    assert len(request(walk, HOUR, product="billing")) == 1


def test_a_cancellation_needs_neither_user_nor_reason() -> None:
    (found,) = Walk(CANCEL).told(0, {})
    assert (found.data["user"], found.data["reason"], found.data["why"]) == (None, None, "Somebody asked to cancel")


def test_a_cancellation_belongs_to_retention() -> None:
    assert Walk(CANCEL).goes()[0].data["family"] == "retention"
