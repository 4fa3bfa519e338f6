"""`policy`, and what restrains single rules: read, with defaults, and refused where it could not be kept."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import RejectedConfiguration
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.rules.loading import load
from expansion_signals.rules.policy import Policy, QuietHours, Restraint
from expansion_signals.rules.spellings import CapSpelling
from sample_ground import CATALOG

if TYPE_CHECKING:
    from expansion_signals.rules.configuration import Configuration


def loaded(policy: str = "", rule: str = "") -> Configuration:
    rules = f"rules: [{{id: a, {rule}}}]\n" if rule else "rules: []\n"
    return load({"catalog.yaml": CATALOG, "rules.yaml": f"{rules}policy: {{{policy}}}\n"})


def problems(policy: str = "", rule: str = "") -> list[str]:
    with pytest.raises(RejectedConfiguration) as caught:
        loaded(policy, rule)
    return [problem.message for problem in caught.value.problems]


def test_without_a_policy_the_defaults_hold() -> None:
    assert load({"catalog.yaml": CATALOG, "rules.yaml": "rules: []\n"}).policy == Policy(
        quiet_hours=None,
        account_cap=CapSpelling(10, DAY),
        session_cap=3,
        route_borders=(Decimal(1000), Decimal(25000)),
        by_day=False,
        pause=30 * DAY,
        attribution=30 * DAY,
        lasts={},
    )


def test_an_empty_policy_is_none() -> None:
    assert loaded().policy == Policy()


@pytest.mark.parametrize(
    ("written", "changes"),
    [
        ('quiet_hours: {from: "20:30", to: "08:00"}', {"quiet_hours": QuietHours(20 * 60 + 30, 8 * 60)}),
        ("account_cap: 300 per 62d", {"account_cap": CapSpelling(300, 62 * DAY)}),
        ("session_cap: 1", {"session_cap": 1}),
        ('route_borders: [0, "99.5"]', {"route_borders": (Decimal(0), Decimal("99.5"))}),
        ("proration: day", {"by_day": True}),
        ("proration: second", {}),
        ("cancel_pause: 62d", {"pause": 62 * DAY}),
        ("attribution: 12h", {"attribution": 12 * HOUR}),
        ("expires: {seat: 2d, pql: 62d}", {"lasts": {"seat": 2 * DAY, "pql": 62 * DAY}}),
    ],
)
def test_what_it_says_takes_the_place_of_the_default(written: str, changes: dict[str, object]) -> None:
    assert loaded(written).policy == Policy(**changes)  # type: ignore[arg-type]


KEPT = "expected at most 62d, as long as what fired is remembered, got "


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("account_cap: 1 per 63d", f"{KEPT}`63d`"),
        ("account_cap: 301 per 1d", "expected at most 300 times, as many triggers as are remembered, got `301 per 1d`"),
        ("account_cap: ten", "expected a cap such as `1 per 7d`, got `ten`"),
        ("session_cap: 0", "expected greater than or equal to 1, got `0`"),
        ("route_borders: [25000, 1000]", "expected two rising amounts such as [1000, 25000]"),
        ('quiet_hours: {from: "08:00", to: "08:00"}', "quiet hours end when they begin; expected another time of day"),
        ('quiet_hours: {from: "8:00", to: "24:00"}', 'expected a time of day such as "20:00", got `8:00`'),
        ("proration: days", "unknown `days`; did you mean `day`?"),
        ("cancel_pause: 63d", f"{KEPT}`63d`"),
        ("attribution: 9w", f"{KEPT}`9w`"),
        ("expires: {limits: 7d}", "unknown `limits`; did you mean `limit`?"),
        ("expires: {limit: 63d}", f"{KEPT}`63d`"),
        ("expires: {limit: 0d}", "expected a duration such as 45s, 30m, 12h, 14d or 1w, got `0d`"),
        ("account_caps: 1 per 1d", "unknown key `account_caps`; did you mean `account_cap`?"),
    ],
)
def test_what_could_not_be_kept_is_refused_with_what_was_expected(written: str, problem: str) -> None:
    assert problem in problems(written)


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(problems("expires: {limits: 7d, seat: soon}, attribution: 90d, proration: never")) == 4


# -------------------------------------------------------------------------------------- what restrains a rule

LIMIT, GATE = "signal: limit_reached, meter: api_calls, at: [80%]", "signal: feature_gated, feature: sso"
SEATS, MILESTONE = "signal: seat_limit_approached, at: [80%]", "signal: milestone, meter: projects, at: [10]"


@pytest.mark.parametrize(
    ("rule", "restraint"),
    [
        (LIMIT, None),
        (f"{LIMIT}, cap: 2 per 7d", Restraint(CapSpelling(2, 7 * DAY))),
        (f"{GATE}, cap: 2 per 7d", Restraint(CapSpelling(2, 7 * DAY))),
        (f"{LIMIT}, cooldown: 10d", Restraint(cooldown=10 * DAY)),
        (f"{SEATS}, cooldown: 10d", Restraint(cooldown=10 * DAY)),
        (f"{MILESTONE}, cooldown: 10d", Restraint(cooldown=10 * DAY)),
        ("signal: integration_connected, cooldown: 10d", Restraint(cooldown=10 * DAY)),
        ("signal: usage_run_out_forecast, cooldown: 10d", Restraint(cooldown=10 * DAY)),
        ("signal: seat_limit_last_taken, cooldown: 10d", Restraint(cooldown=10 * DAY)),
        (f"{GATE}, cooldown: 10d", None),
        ("signal: seat_limit_invited, cooldown: 10d, cap: 1 per 7d", None),
        (f"{LIMIT}, cap: 2 per 7d, enabled: false", None),
    ],
    ids=[
        "none",
        "a cap",
        "a cap of a gate",
        "a cooldown of a limit",
        "a cooldown of seats",
        "a cooldown of milestones",
        "a cooldown of integrations",
        "a cooldown of forecasts",
        "a cooldown of last seats",
        "a cooldown that is kept where the signal is found",
        "what restrains nothing",
        "a rule that is not enabled",
    ],
)
def test_deciding_keeps_caps_and_the_cooldowns_that_nobody_else_does(rule: str, restraint: Restraint | None) -> None:
    assert loaded(rule=rule).restraints == ({"a": restraint} if restraint else {})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (f"{LIMIT}, cap: 1 per 63d", [f"{KEPT}`63d`"]),
        (f"{LIMIT}, cooldown: 63d", [f"{KEPT}`63d`"]),
        (f"{SEATS}, cooldown: 63d", [f"{KEPT}`63d`"]),
        (f"{MILESTONE}, cooldown: 63d", [f"{KEPT}`63d`"]),
        ("signal: renewal_near, cooldown: 63d", [f"{KEPT}`63d`"]),
    ],
)
def test_a_restraint_that_could_not_be_kept_is_refused(rule: str, expected: list[str]) -> None:
    assert problems(rule=rule) == expected


@pytest.mark.parametrize("signal", ["seat_limit_invited", "limit_hit"])
@pytest.mark.parametrize("option", ["cap: 1 per 7d", "cooldown: 7d"])
def test_what_holds_nothing_back_is_a_warning_and_the_rule_is_judged(signal: str, option: str) -> None:
    found = loaded(rule=f"signal: {signal}, {option}")
    (warning,) = found.warnings
    assert (len(found.watch_rules), f"no `{option[: option.index(':')]}` holds back {signal}" in warning) == (1, True)


def test_a_cooldown_that_is_kept_where_the_signal_is_found_may_be_longer() -> None:
    assert loaded(rule=f"{GATE}, cooldown: 90d").watch_rules[0].cooldown == 90 * DAY
