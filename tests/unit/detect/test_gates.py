"""Gated features: what counts as an attempt, the first of each user, when the rule fires, and when again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.gates import Gates
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND, parse_instant
from expansion_signals.rules.configuration import WatchRule
from watched_account import WatchedAccount, fired, past

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

START = parse_instant("2026-11-22T10:00:00Z")
RULE = WatchRule("gates", "v1", "feature_gated", feature="*", attempts=3, users=2, within=14 * DAY, cooldown=30 * DAY)


class Gate(WatchedAccount):
    """An account whose plan `free` does not include `sso`."""

    def __init__(self, *rules: WatchRule) -> None:
        super().__init__(Gates(), rules or (RULE,))

    def attempt(self, user: str, after: int = 0, feature: str = "sso", **others: object) -> list[Signal]:
        event = UsageEvent(
            "/apps/web",
            f"e-{user}-{after}",
            "expansion.feature.attempted.v1",
            "acct-1",
            START + after,
            {"feature": feature, "user": user},
        )
        return self.sees(event._replace(**others))

    def gated(self, user: str, after: int = 0, **others: object) -> list[Signal]:
        return [signal for signal in self.attempt(user, after, **others) if signal.type == "feature.gated"]


def types(signals: list[Signal]) -> list[str]:
    return [signal.type for signal in signals]


def test_the_first_attempt_of_a_user_is_told() -> None:
    assert types(Gate().attempt("ada")) == ["feature.attempted"]


def test_a_users_second_attempt_is_not_told() -> None:
    gate = Gate()
    gate.attempt("ada")
    assert gate.attempt("ada", HOUR) == []


def test_the_first_attempt_of_a_user_has_one_id_whoever_finds_it() -> None:
    first, again = Gate().attempt("ada"), Gate().attempt("ada", 5 * MINUTE)
    assert first[0].id == again[0].id


def test_the_third_attempt_fires() -> None:
    gate = Gate()
    found = [gate.gated("ada", after * HOUR) for after in range(3)]
    assert [len(each) for each in found] == [0, 0, 1]


def test_the_second_user_fires() -> None:
    gate = Gate()
    gate.attempt("ada")
    (signal,) = gate.gated("bob", HOUR)
    assert (signal.data["attempts"], signal.data["users"], signal.data["window"]) == (2, 2, "14d")


@pytest.mark.parametrize(("after", "counted"), [(30 * SECOND - 1, False), (30 * SECOND, True)])
def test_an_attempt_within_30_seconds_of_the_last_counted_one_is_a_re_render(after: int, *, counted: bool) -> None:
    gate = Gate()
    gate.attempt("ada", -HOUR)
    gate.attempt("ada")
    assert bool(gate.gated("ada", after)) == counted


def test_a_re_render_does_not_make_the_next_one_a_re_render() -> None:
    gate = Gate()
    for after in (0, 20, 40):
        gate.attempt("ada", after * SECOND)
    assert len(gate.gated("ada", HOUR)) == 1


def test_re_renders_are_of_one_user() -> None:
    gate = Gate()
    gate.attempt("ada")
    assert len(gate.gated("bob", SECOND)) == 1


@pytest.mark.parametrize(
    ("first", "fires"), [("2026-11-09T00:00:00Z", True), ("2026-11-08T23:59:59Z", False)], ids=["inside", "outside"]
)
def test_a_window_of_14_days_is_todays_day_and_the_13_before_it(first: str, *, fires: bool) -> None:
    gate = Gate()
    gate.attempt("ada", parse_instant(first) - START)
    gate.attempt("ada", -HOUR)
    assert bool(gate.gated("ada")) == fires


def test_it_is_silent_until_the_cooldown_is_over() -> None:
    gate = Gate()
    for after in range(3):
        gate.attempt("ada", after * HOUR)
    assert gate.gated("bob", 30 * DAY + 2 * HOUR - 1) == []


def test_after_the_cooldown_it_fires_again_under_another_id() -> None:
    gate = Gate()
    first = [signal for after in range(3) for signal in gate.gated("ada", after * HOUR)]
    again = [signal for after in range(3) for signal in gate.gated("ada", 31 * DAY + after * HOUR)]
    assert (len(first), len(again), first[0].id != again[0].id) == (1, 1, True)


def test_features_are_counted_apart() -> None:
    gate = Gate()
    gate.attempt("ada")
    assert gate.gated("bob", HOUR, feature="audit_log") == []


def test_a_rule_of_one_feature_leaves_the_others_alone() -> None:
    gate = Gate(replace(RULE, feature="sso"))
    gate.attempt("ada", feature="audit_log")
    assert gate.attempt("bob", HOUR, feature="audit_log") == []


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        (replace(RULE, users=None), [0, 0, 1]),
        (replace(RULE, attempts=None), [0, 1, 0]),
        (replace(RULE, attempts=None, users=None), [0, 1, 0]),
    ],
    ids=["attempts alone", "users alone", "neither: both defaults"],
)
def test_a_rule_asks_for_what_it_names(rule: WatchRule, fires: list[int]) -> None:
    gate = Gate(rule)
    assert [len(gate.gated(user, place * HOUR)) for place, user in enumerate(("ada", "bob", "ada"))] == fires


def test_a_feature_that_the_plan_includes_is_no_gated_attempt() -> None:
    gate = Gate()
    assert gate.attempt("ada", feature="dashboards") == []


@pytest.mark.parametrize("quiet", [{"backfill": True}, {"late": 2 * HOUR}], ids=["backfill", "late"])
def test_what_may_not_fire_counts_and_fires_nothing(quiet: dict[str, object]) -> None:
    gate = Gate()
    late = int(quiet.pop("late", 0))  # type: ignore[call-overload]
    gate.late = late
    assert gate.attempt("ada", **quiet) == []
    gate.late = 0
    assert types(gate.attempt("bob", HOUR)) == ["feature.attempted", "feature.gated"]


@pytest.mark.parametrize(
    ("late", "backfill", "why"), [(2 * HOUR, False, "too_old_to_fire"), (5 * DAY, True, "backfill")]
)
def test_a_third_attempt_that_may_not_fire_is_told_as_past(late: int, why: str, *, backfill: bool) -> None:
    gate = Gate()
    for after in (0, HOUR):
        gate.attempt("ada", after)
    gate.late = late
    found = gate.gated("ada", 2 * HOUR, backfill=backfill)
    assert (past(found), fired(found)) == ([why], [])


def test_an_import_of_attempts_is_told_once_as_past_and_then_it_is_silent() -> None:
    gate = Gate()
    found = [signal for after in range(20) for signal in gate.gated("ada", after * HOUR, backfill=True)]
    assert (past(found), gate.gated("bob", 21 * HOUR)) == (["backfill"], [])


def test_an_account_not_yet_known_is_counted_and_fires_nothing() -> None:
    gate = Gate()
    profile, gate.profile = gate.profile, None
    assert gate.attempt("ada") == []
    gate.profile = profile
    assert len(gate.gated("bob", HOUR)) == 1


def test_a_shadow_rule_says_so() -> None:
    gate = Gate(replace(RULE, shadow=True))
    gate.attempt("ada")
    assert [signal.shadow for signal in gate.gated("bob", HOUR)] == [True]


def test_the_reason_is_one_sentence() -> None:
    gate = Gate()
    gate.attempt("ada")
    (signal,) = gate.gated("bob", HOUR)
    assert signal.data["why"] == "2 users tried sso 2 times in 14 days; the plan does not include it"
