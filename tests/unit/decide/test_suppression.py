from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.cases import Case, Mutes, level_of, subject_of
from expansion_signals.decide.remembered import MOST_HELD, Fired, Held, Remembered
from expansion_signals.decide.suppression import CHECKS, judge
from expansion_signals.model.decisions import Reason
from expansion_signals.model.instants import DAY, HOUR, SECOND, parse_instant
from expansion_signals.model.kinds import KINDS
from sample_ground import RULES, UNRESTRAINED, ground
from sample_signals import NOW, gated, signal, under
from suppressed_case import APPLIES, Scene

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from expansion_signals.decide.suppression import Judged
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.signals import Signal

ORDER: list[Reason] = [
    *("backfill", "rule_added", "too_old_to_fire", "muted", "holdout", "account_status", "opted_out", "upgraded"),
    *("need_gone", "burst", "cancel_pending", "at_risk", "plan_cannot_grow", "open_opportunity", "snoozed"),
    *("dismissed", "rule_cap", "session_cap", "account_cap", "quiet_hours", "cooldown"),
]
"""As semantics 7.2 has it."""

VERDICTS = {
    **dict.fromkeys(("backfill", "rule_added"), "already_past"),
    **dict.fromkeys(("upgraded", "need_gone", "burst"), "superseded"),
    "quiet_hours": "held",
}
"""Every other is `suppressed`."""

OF_LEADS: set[Reason] = {
    *("backfill", "rule_added", "too_old_to_fire", "muted", "holdout", "account_status", "upgraded", "need_gone"),
    *("burst", "cancel_pending", "at_risk", "plan_cannot_grow", "open_opportunity", "rule_cap"),
}
"""What may speak against a lead: nobody is shown it, nothing waits, no account is full of leads."""

EXCLUSIVE: set[frozenset[Reason]] = {
    frozenset({"backfill", "rule_added"}),
    frozenset({"upgraded", "need_gone"}),
    *(frozenset({"open_opportunity", reason}) for reason in set(ORDER) - OF_LEADS),
}
"""What cannot hold of one signal."""

PAIRS = [pair for pair in combinations(ORDER, 2) if frozenset(pair) not in EXCLUSIVE]


def judged(reasons: Collection[Reason]) -> Judged:
    """Judge the case in which these reasons apply; it is a lead where only a lead has one of them."""
    scene = Scene(is_lead="open_opportunity" in reasons)
    for reason in reasons:
        APPLIES[reason](scene)
    return judge(scene.case())


def test_the_order_has_every_reason_once() -> None:
    assert sorted(ORDER) == sorted(get_args(Reason))


def test_they_are_asked_in_the_order_of_the_semantics() -> None:
    assert list(CHECKS) == ORDER


def test_a_case_against_which_nothing_speaks_fires() -> None:
    assert (judged(()).verdict, judged(()).reasons) == ("fired", ())


def test_a_lead_against_which_nothing_speaks_fires() -> None:
    assert judge(Scene(is_lead=True).case()).verdict == "fired"


@pytest.mark.parametrize("reason", ORDER)
def test_each_reason_alone_gives_its_verdict(reason: Reason) -> None:
    found = judged([reason])
    assert (found.verdict, found.reasons) == (VERDICTS.get(reason, "suppressed"), (reason,))


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_of_two_reasons_the_first_gives_the_verdict_and_both_are_listed(pair: tuple[Reason, Reason]) -> None:
    found = judged(pair)
    assert (found.verdict, found.reasons) == (VERDICTS.get(pair[0], "suppressed"), pair)


@given(chosen=st.sets(st.sampled_from(ORDER)))
def test_of_any_reasons_all_are_listed_in_their_order(chosen: set[Reason]) -> None:
    together = {reason for reason in chosen if all({reason, other} not in EXCLUSIVE for other in chosen - {reason})}
    if "open_opportunity" in together:
        together &= OF_LEADS
        # A lead's need ends with a higher plan, and where there is none nothing is sold.
        together -= {"upgraded"} if "plan_cannot_grow" in together else set()
    assert list(judged(together).reasons) == [reason for reason in ORDER if reason in together]


@pytest.mark.parametrize("reason", sorted(set(ORDER) - OF_LEADS))
def test_what_is_for_people_speaks_against_no_lead(reason: Reason) -> None:
    scene = Scene(is_lead=True)
    APPLIES[reason](scene)
    assert judge(scene.case()).reasons == ()


# --------------------------------------------------------------------------------------- past, and too old


def test_what_was_too_old_when_it_was_found_is_already_past() -> None:
    scene = Scene(told={"past": "too_old_to_fire"})
    assert (judge(scene.case()).verdict, judge(scene.case()).reasons) == ("already_past", ("too_old_to_fire",))


def test_what_was_too_old_when_it_was_found_stays_past_beyond_its_expiry() -> None:
    scene = Scene(told={"past": "too_old_to_fire"})
    APPLIES["too_old_to_fire"](scene)
    assert judge(scene.case()).verdict == "already_past"


@pytest.mark.parametrize(("lasts", "verdict"), [("2s", "fired"), ("1s", "suppressed")])
def test_what_is_judged_at_its_expiry_is_too_old(lasts: str, verdict: str) -> None:
    assert judge(Scene(policy={"expires": f"{{limit: {lasts}}}"}).case()).verdict == verdict


# ------------------------------------------------------------------------------------------------- muted


@pytest.mark.parametrize(
    ("mutes", "silent"),
    [
        ({("api-quota", None): NOW + DAY}, True),
        ({("api-quota", "acct-1"): NOW + DAY}, True),
        ({(None, "acct-1"): NOW + DAY}, True),
        ({(None, None): NOW + DAY}, True),
        ({("gates", None): NOW + DAY}, False),
        ({("api-quota", "acct-2"): NOW + DAY}, False),
        ({("gates", "acct-1"): NOW + DAY}, False),
        ({("api-quota", None): NOW + SECOND}, False),
        ({("api-quota", None): NOW + SECOND + 1}, True),
    ],
    ids=[
        "the rule",
        "the rule for this account",
        "the account",
        "all",
        "another rule",
        "the rule for another account",
        "another rule for this account",
        "until now",
        "until a moment from now",
    ],
)
def test_rules_and_accounts_are_muted_until_then(
    mutes: Mapping[tuple[str | None, str | None], Instant], *, silent: bool
) -> None:
    assert judge(Scene(mutes=Mutes(mutes)).case()).reasons == (("muted",) if silent else ())


# ------------------------------------------------------------------------- who is sold nothing, and why


@pytest.mark.parametrize(
    ("status", "fires"),
    [
        (each, each in ("active", "trialing"))
        for each in ("active", "trialing", "past_due", "paused", "cancelled", "internal")
    ],
)
def test_only_accounts_that_are_served_are_sold_anything(status: str, *, fires: bool) -> None:
    assert judge(Scene(profile={"status": status}).case()).reasons == (() if fires else ("account_status",))


OF_RETENTION = ("usage.declined", "cancel.requested")


@pytest.mark.parametrize("kind", OF_RETENTION)
@pytest.mark.parametrize("reason", ["account_status", "cancel_pending", "at_risk", "quiet_hours", "account_cap"])
def test_retention_goes_on_where_nothing_is_sold(kind: str, reason: Reason) -> None:
    scene = Scene()
    APPLIES[reason](scene)
    sold = scene.case()
    assert judge(Case(under(gated(kind=kind), **scene.profile), sold.remembered, sold.ground)).reasons == ()


@pytest.mark.parametrize("kind", [kind.type for kind in KINDS.values() if kind.fires and kind.type not in OF_RETENTION])
def test_to_an_account_at_risk_nothing_is_sold(kind: str) -> None:
    remembered = Remembered(health={"score": 49, "band": "at_risk", "at": NOW})
    asked = signal("80", kind=kind, family=KINDS[kind].family.name) if KINDS[kind].crosses else gated(kind=kind)
    assert judge(Case(asked, remembered, ground())).reasons == ("at_risk",)


@pytest.mark.parametrize("band", ["moderate", "healthy", "champion"])
def test_any_other_health_silences_nothing(band: str) -> None:
    remembered = Remembered(health={"score": 50, "band": band, "at": NOW})
    assert judge(Case(signal("80"), remembered, ground())).reasons == ()


@pytest.mark.parametrize(
    ("begun", "silent"),
    [(NOW, True), (NOW - 30 * DAY + 1, True), (NOW - 30 * DAY, False), (NOW + HOUR, True)],
    ids=["at that time", "30 days ago less a moment", "30 days ago", "since: what came before it is late"],
)
def test_a_request_to_cancel_pauses_for_30_days(begun: Instant, *, silent: bool) -> None:
    remembered = Remembered(cancelled=begun)
    assert judge(Case(signal("80"), remembered, ground())).reasons == (("cancel_pending",) if silent else ())


def test_the_pause_is_as_long_as_the_policy_says() -> None:
    on = ground(policy="policy: {cancel_pause: 10d}\n")
    assert judge(Case(signal("80"), Remembered(cancelled=NOW - 10 * DAY), on)).reasons == ()


@pytest.mark.parametrize("kind", ["usage.accelerated", "integration.connected", "milestone.reached"])
def test_what_needs_no_step_is_told_where_there_is_none(kind: str) -> None:
    scene = Scene()
    APPLIES["plan_cannot_grow"](scene)
    asked = gated(kind=kind) if kind != "milestone.reached" else signal("80", kind=kind, family="milestone")
    assert judge(Case(asked, Remembered(), scene.case().ground)).reasons == ()


@pytest.mark.parametrize("kind", ["feature.gated", "seat_limit.invited", "usage.accelerated"])
def test_an_open_opportunity_is_no_reason_to_leave_people_without_help(kind: str) -> None:
    asked = under(gated(kind=kind), open_opportunity=True)
    assert judge(Case(asked, Remembered(), ground())).reasons == ()


def test_who_has_opted_out_is_not_asked_though_others_are() -> None:
    asked = [under(signal("80", user=user), opted_out=["u-9"]) for user in ("u-9", "u-42")]
    assert [judge(Case(each, Remembered(), ground())).reasons for each in asked] == [("opted_out",), ()]


# ------------------------------------------------------------------------------- caps, cooldowns, windows

RULE, OTHER = {"id": "api-quota"}, {"id": "another"}


def fired(
    time: Instant, *, rule: Mapping[str, str] = RULE, like: Signal | None = None, kind: str = "limit.reached"
) -> Fired:
    """Return a trigger that fired before, shown to somebody: on another matter, or on that of this signal."""
    subject, level = ("another", None) if like is None else (subject_of(like), str(level_of(like)))
    trigger = Fired(f"{kind} {time}", kind, rule, time, time + 7 * DAY, prompt="limit_reached")
    return trigger._replace(subject=subject, level=level)


def reasons(
    before: Collection[Fired],
    *,
    asked: Signal | None = None,
    options: str = "",
    policy: str = UNRESTRAINED,
) -> tuple[Reason, ...]:
    rules = RULES.replace("at: [80%, 100%]", f"at: [80%, 100%]{options}")
    case = Case(asked or signal("80"), Remembered(fired=tuple(before)), ground(policy=policy, rules=rules))
    return judge(case).reasons


def at(text: str) -> Instant:
    return parse_instant(f"2026-11-{text}Z")


@pytest.mark.parametrize(
    ("window", "time", "counts"),
    [
        ("7d", "16T00:00:00", True),
        ("7d", "15T23:59:59.999999", False),
        ("2d", "21T00:00:00", True),
        ("2d", "20T23:59:59.999999", False),
        ("24h", "21T01:00:00", True),
        ("24h", "21T00:59:59.999999", False),
        ("1h", "22T00:00:00", True),
        ("1h", "21T23:59:59.999999", False),
        ("90m", "21T23:00:00", True),
    ],
)
@pytest.mark.parametrize("time_of_day", ["22T00:00:00", "22T00:59:59"])
def test_a_cap_counts_whole_utc_days_and_hours_below_two_days(
    window: str, time: str, time_of_day: str, *, counts: bool
) -> None:
    asked = signal("80", time=at(time_of_day))
    found = reasons([fired(at(time))], asked=asked, options=f", cap: 1 per {window}")
    assert found == (("rule_cap",) if counts else ())


@pytest.mark.parametrize(("before", "capped"), [(1, False), (2, True)])
def test_a_rule_fires_as_often_as_its_cap_says(before: int, *, capped: bool) -> None:
    found = reasons([fired(NOW - each) for each in range(before)], options=", cap: 2 per 7d")
    assert found == (("rule_cap",) if capped else ())


def test_what_another_rule_fired_does_not_count_for_a_rules_cap() -> None:
    assert reasons([fired(NOW, rule=OTHER)], options=", cap: 1 per 7d") == ()


@pytest.mark.parametrize(("before", "capped"), [(9, False), (10, True)])
def test_the_eleventh_trigger_of_a_day_is_held_back(before: int, *, capped: bool) -> None:
    found = reasons([fired(NOW - each, rule=OTHER) for each in range(before)], policy="policy: {}\n")
    assert found == (("account_cap",) if capped else ())


def test_what_is_shown_to_nobody_does_not_fill_an_account() -> None:
    leads = [fired(NOW - each, rule=OTHER)._replace(prompt=None) for each in range(10)]
    assert reasons(leads, policy="policy: {}\n") == ()


@pytest.mark.parametrize("kind", ["seat_limit.invited", "seat_limit.last_taken", "pql.qualified", *OF_RETENTION])
def test_seats_leads_and_retention_are_never_capped(kind: str) -> None:
    before = [fired(NOW - each, rule=OTHER) for each in range(10)]
    assert reasons(before, asked=gated(kind=kind), policy="policy: {}\n") == ()


@pytest.mark.parametrize(("ago", "cools"), [(10 * DAY - 1, True), (10 * DAY, False)])
def test_a_cooldown_is_over_when_it_has_passed(ago: int, *, cools: bool) -> None:
    found = reasons([fired(NOW - ago)], options=", cooldown: 10d")
    assert found == (("cooldown",) if cools else ())


def test_a_cooldown_goes_on_in_the_next_period() -> None:
    december = {"start": "2026-12-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    asked = signal("80", time=NOW + 9 * DAY, period=december)
    assert reasons([fired(NOW, like=signal("100"))], asked=asked, options=", cooldown: 10d") == ("cooldown",)


# --------------------------------------------------------------------------- a higher threshold (7.4)

RESTRAINED = {
    "rule_cap": {"options": ", cap: 1 per 7d"},
    "account_cap": {"policy": "policy: {account_cap: 1 per 1d}\n"},
    "cooldown": {"options": ", cooldown: 10d"},
}


@pytest.mark.parametrize("reason", RESTRAINED)
def test_a_higher_threshold_is_not_swallowed_by_what_a_lower_one_led_to(reason: str) -> None:
    assert reasons([fired(NOW - HOUR, like=signal("80"))], asked=signal("100"), **RESTRAINED[reason]) == ()


@pytest.mark.parametrize("reason", RESTRAINED)
@pytest.mark.parametrize("before", ["80", "100"])
def test_the_same_threshold_and_a_lower_one_are(reason: str, before: str) -> None:
    found = reasons([fired(NOW - HOUR, like=signal(before))], asked=signal("80"), **RESTRAINED[reason])
    assert found == (reason,)


@pytest.mark.parametrize("reason", RESTRAINED)
def test_a_higher_threshold_of_another_period_is_another_matter(reason: str) -> None:
    october = signal("80", period={"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"})
    assert reasons([fired(NOW - HOUR, like=october)], asked=signal("100"), **RESTRAINED[reason]) == (reason,)


# ------------------------------------------------------------------------------------------- quiet hours

QUIET = 'policy: {quiet_hours: {from: "23:00", to: "06:00"}}\n'


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.fires], ids=lambda kind: kind.type)
def test_quiet_hours_hold_what_can_wait(kind: Any) -> None:  # noqa: ANN401 -- a row of the table
    asked = signal("80", kind=kind.type, family=kind.family.name) if kind.crosses else gated(kind=kind.type)
    waits = kind.family.name in ("limit", "gate", "milestone", "trend")
    assert judge(Case(asked, Remembered(), ground(policy=QUIET))).verdict == ("held" if waits else "fired")


def test_a_hold_says_until_when() -> None:
    assert judge(Case(signal("80"), Remembered(), ground(policy=QUIET))).until == at("22T06:00:00")


def test_quiet_hours_are_those_of_the_newest_profile() -> None:
    remembered = Remembered(profile={"version": 8, "plan": "free", "time_zone": "America/New_York"})
    assert judge(Case(signal("80"), remembered, ground(policy=QUIET))).verdict == "fired"


def test_only_quiet_hours_that_are_the_first_reason_hold() -> None:
    case = Case(signal("80", holdout=True), Remembered(), ground(policy=QUIET))
    assert (judge(case).verdict, judge(case).until) == ("suppressed", None)


@pytest.mark.parametrize(("held", "verdict"), [(MOST_HELD - 1, "held"), (MOST_HELD, "suppressed")])
def test_where_no_more_can_be_held_it_is_suppressed(held: int, verdict: str) -> None:
    waiting = tuple(Held({"id": str(each)}, "0:1", [0], NOW + HOUR) for each in range(held))
    case = Case(signal("80"), replace(Remembered(), held=waiting), ground(policy=QUIET))
    assert (judge(case).verdict, judge(case).reasons) == (verdict, ("quiet_hours",))
