"""A product's own events as attempts: which of them, by whom, and that they are attempts like any other."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.gates import ATTEMPTED, Gates
from expansion_signals.detect.own_attempts import own_attempts
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, HOUR, SECOND, parse_instant
from expansion_signals.model.names import LONGEST_NAME
from expansion_signals.rules.loading import load
from watched_account import CATALOG, WatchedAccount

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import Configuration

SHOWN = "com.acme.paywall.shown"
START = parse_instant("2026-11-22T10:00:00Z")
SSO = f"{{id: sso, signal: feature_gated, feature: sso, event: {SHOWN}, where: {{screen: sso}}}}"


def configured(*rules: str) -> Configuration:
    return load({"catalog.yaml": CATALOG, "rules.yaml": f"rules: [{', '.join(rules or (SSO,))}]"})


def shown(after: int = 0, **data: object) -> UsageEvent:
    return UsageEvent("/apps/web", f"e-{after}-{data.get('user')}", SHOWN, "acct-1", START + after, data)


def tried(event: UsageEvent, *rules: str) -> list[tuple[str, str, list[str]]]:
    """Return what the event is an attempt on: the feature, the user, and the rules that say so."""
    return [
        (attempt.data["feature"], attempt.data["user"], [rule.id for rule in named.rules])
        for attempt, named in own_attempts(event, configured(*rules))
    ]


class Paywall(WatchedAccount):
    """An account whose plan `free` does not include `sso`, as paywalls are shown to its people."""

    def __init__(self, *rules: str) -> None:
        super().__init__(Gates(), ())
        self.configuration = configured(*rules)

    def show(self, user: str, after: int = 0, screen: str = "sso", **changes: object) -> list[Signal]:
        event = shown(after, user=user, screen=screen)._replace(**changes)
        found = []
        for attempt, named in own_attempts(event, self.configuration):
            self.rules = named.rules
            found += self.sees(attempt)
        return found

    def attempt(self, user: str, after: int = 0) -> list[Signal]:
        self.rules = [rule for rule in self.configuration.watch_rules if rule.own is None]
        data = {"feature": "sso", "user": user}
        return self.sees(UsageEvent("/apps/web", f"a-{after}-{user}", ATTEMPTED, "acct-1", START + after, data))


def kinds(signals: list[Signal]) -> list[str]:
    return [signal.type for signal in signals]


def test_an_event_that_a_rule_names_is_an_attempt_on_its_feature_by_its_user() -> None:
    assert tried(shown(screen="sso", user="ada")) == [("sso", "ada", ["sso"])]


@pytest.mark.parametrize(
    "event",
    [
        shown(screen="audit", user="ada"),
        shown(user="ada"),
        shown(screen=None, user="ada"),
        shown(screen=["sso"], user="ada"),
        shown(screen="sso", user="ada")._replace(type="com.acme.paywall.closed"),
        shown(screen="sso", user="ada", feature="sso")._replace(type=ATTEMPTED),
    ],
    ids=["another value", "absent", "null", "no text", "another type", "built in"],
)
def test_other_events_are_none(event: UsageEvent) -> None:
    assert tried(event) == []


@pytest.mark.parametrize(
    ("where", "data"),
    [
        ("{trial: true}", {"trial": True}),
        ("{step: 5}", {"step": Decimal("5.0")}),
        ("{dimensions.screen: sso}", {"dimensions": {"screen": "sso"}}),
        ("{screen: sso, step: 5}", {"screen": "sso", "step": "5", "more": 1}),
        ("{}", {}),
    ],
)
def test_events_are_selected_by_the_texts_of_their_properties_as_meters_do(where: str, data: dict[str, object]) -> None:
    assert tried(shown(user="ada", **data), SSO.replace("{screen: sso}", where)) == [("sso", "ada", ["sso"])]


def test_an_event_may_be_an_attempt_on_several_features() -> None:
    audit = f"{{id: audit, signal: feature_gated, feature: audit_log, event: {SHOWN}}}"
    assert sorted(tried(shown(screen="sso", user="ada"), SSO, audit)) == [
        ("audit_log", "ada", ["audit"]),
        ("sso", "ada", ["sso"]),
    ]


def test_rules_that_name_the_same_events_look_at_them_together() -> None:
    other = SSO.replace("id: sso", "id: twice")
    assert tried(shown(screen="sso", user="ada"), SSO, other) == [("sso", "ada", ["sso", "twice"])]


@pytest.mark.parametrize(("value", "user"), [("ada", "ada"), (42, "42"), ("x" * LONGEST_NAME, "x" * LONGEST_NAME)])
def test_the_user_is_what_the_property_that_the_rule_names_holds(value: object, user: str) -> None:
    rule = SSO.replace("where:", "user: viewer, where:")
    assert tried(shown(screen="sso", viewer=value, user="somebody else"), rule) == [("sso", user, ["sso"])]


@pytest.mark.parametrize("user", [None, "", True, ["ada"], {"id": "ada"}, "x" * (LONGEST_NAME + 1), "a\x1fb", "\ud800"])
def test_an_attempt_of_nobody_is_invalid(user: object) -> None:
    with pytest.raises(RejectedRecord, match=r"data\.user: rule `sso` counts who tried sso") as rejected:
        own_attempts(shown(screen="sso", user=user), configured())
    assert rejected.value.code == "invalid_data"


def test_an_attempt_without_the_property_of_the_user_is_invalid() -> None:
    with pytest.raises(RejectedRecord, match=r"data\.viewer: "):
        own_attempts(shown(screen="sso", user="ada"), configured(SSO.replace("where:", "user: viewer, where:")))


def test_nobody_is_asked_for_where_no_rule_names_the_event() -> None:
    assert tried(shown(screen="audit")) == []


def test_the_first_attempt_is_told_and_the_second_user_fires() -> None:
    paywall = Paywall()
    told = [kinds(paywall.show("ada")), kinds(paywall.show("bob", HOUR))]
    assert told == [["feature.attempted"], ["feature.attempted", "feature.gated"]]


def test_a_payload_names_the_user_where_it_was_and_the_event() -> None:
    paywall = Paywall(SSO.replace("where:", "user: viewer, attempts: 1, where:"))
    data = {"viewer": "ada", "screen": "sso", "surface": "billing", "session": "s-1"}
    _, gated = paywall.show("nobody", data=data)
    named = (gated.data["user"], gated.data["surface"], gated.data["session"], gated.evidence.id)
    assert named == ("ada", "billing", "s-1", "e-0-nobody")


def test_what_is_no_name_is_left_out_of_a_payload() -> None:
    data = {"user": "ada", "screen": "sso", "surface": "x" * (LONGEST_NAME + 1), "session": {"id": 1}}
    [first] = Paywall().show("ada", data=data)
    assert (first.data["surface"], first.data["session"]) == (None, None)


@pytest.mark.parametrize(("after", "counted"), [(30 * SECOND - 1, False), (30 * SECOND, True)])
def test_a_paywall_drawn_again_within_30_seconds_is_one_attempt(after: int, *, counted: bool) -> None:
    paywall = Paywall(SSO.replace("where:", "attempts: 2, where:"))
    paywall.show("ada")
    assert ("feature.gated" in kinds(paywall.show("ada", after))) == counted


def test_a_feature_that_the_plan_includes_is_no_gated_attempt() -> None:
    paywall = Paywall(SSO.replace("feature: sso", "feature: dashboards").replace("where:", "attempts: 1, where:"))
    assert paywall.show("ada") == []


def test_backfill_counts_and_fires_nothing() -> None:
    paywall = Paywall()
    assert paywall.show("ada", backfill=True) == []
    assert kinds(paywall.show("bob", HOUR)) == ["feature.attempted", "feature.gated"]


def test_a_late_one_counts_and_fires_nothing() -> None:
    paywall = Paywall()
    paywall.late = HOUR + 1
    assert paywall.show("ada") == []
    paywall.late = 0
    assert kinds(paywall.show("bob", HOUR)) == ["feature.attempted", "feature.gated"]


BUILT_IN = "{id: built-in, signal: feature_gated, feature: sso}"


def test_a_rule_with_an_event_counts_no_built_in_attempt_and_a_rule_without_none_of_its_own() -> None:
    paywall = Paywall(SSO, BUILT_IN)
    paywall.show("ada")
    assert kinds(paywall.attempt("bob", HOUR)) == ["feature.attempted"]


def test_each_counts_its_own() -> None:
    paywall = Paywall(SSO, BUILT_IN)
    for user in ("ada", "bob"):
        paywall.show(user)
    assert [signal.data["rule"]["id"] for signal in paywall.attempt("ada", HOUR) + paywall.attempt("bob", HOUR)] == [
        "built-in"
    ]


def test_the_first_attempt_of_a_user_is_told_once_however_it_is_told() -> None:
    paywall = Paywall(SSO, BUILT_IN)
    assert [kinds(paywall.show("ada")), kinds(paywall.attempt("ada", HOUR))] == [["feature.attempted"], []]


def test_an_attempt_told_both_ways_at_once_is_no_re_render() -> None:
    paywall = Paywall(SSO, BUILT_IN)
    paywall.show("ada")
    paywall.attempt("ada", SECOND)
    assert "feature.gated" in kinds(paywall.attempt("bob", HOUR))


def test_what_no_rule_names_any_more_is_forgotten_in_time() -> None:
    paywall = Paywall()
    paywall.show("ada")
    paywall.configuration = configured(SSO.replace("screen: sso", "screen: login"))
    sizes = []
    for day in (1, 61, 62):
        paywall.show("ada", day * DAY, screen="login")
        sizes.append(paywall.texts["gate:sso"].count('"ada"]]'))
    assert sizes == [2, 2, 1]
