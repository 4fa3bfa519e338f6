from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from expansion_signals.cli.account_document import document_of
from expansion_signals.cli.account_lately import sparkline
from expansion_signals.cli.account_overview import overview_of
from expansion_signals.cli.account_view import lines_of
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.changes import Add
from expansion_signals.model.facts import HourTotals, Marks
from expansion_signals.model.instants import DAY, HOUR, day_of, hour_of, parse_instant
from expansion_signals.model.last_seen import Active
from expansion_signals.model.readings import Counter
from expansion_signals.model.standing import AccountStanding
from expansion_signals.model.thresholds import Arm, ArmKey
from expansion_signals.model.windows import last_days
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from expansion_signals.cli.account_overview import Overview

NOW = parse_instant("2026-11-22T10:00:00Z")
NOVEMBER = parse_instant("2026-11-01T00:00:00Z")
OCTOBER = parse_instant("2026-10-01T00:00:00Z")
CALLS = Counter("calls", "", NOVEMBER)
LIFE = Counter("calls", "", None)
FILES = Counter("files", "", None)

CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count, unit: call}
  files: {event: com.acme.stored, aggregation: sum, value: size, per: never, precision: 1, unit: GB}
  users: {event: com.acme.called, aggregation: unique, value: user, unit: user}
features:
  calls: {meter: calls}
  files: {meter: files}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}, files: {limit: 50}}}
  - {key: blocked, price: "1", includes: {calls: {limit: 0}}}
  - {key: endless, price: "2", includes: {calls: unlimited}}
"""
RULES = """
rules:
  - {id: quota, signal: limit_reached, meter: calls, at: [80%, every 100 after 100%]}
  - {id: full, signal: limit_reached, meter: files, at: [80%]}
  - {id: busy, signal: milestone, meter: calls, at: [1000, 5000]}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})
AT_80, STEPS, FULL = ArmKey("quota", "80%"), ArmKey("quota", "every 100 after 100%"), ArmKey("full", "80%")


def _overview(
    plan: str | None = "free",
    *,
    name: str = "acct-1",
    zone: str = "UTC",
    named: dict[str, Any] | None = None,
    **kept: Any,  # noqa: ANN401 -- any field of a standing
) -> Overview:
    content = {"version": 3, "plan": plan or "", "time_zone": zone} | (named or {})
    snapshot = Account.model_validate(content) if plan else None
    empty: dict[str, Any] = {
        "levels": {},
        "marks": {},
        "guards": {},
        "waiting": 0,
        "days": {},
        "hours": None,
        "decided": {},
    }
    profile = succeed(None, snapshot, NOW) if snapshot else None
    standing = AccountStanding(account=name, epoch=2, profile=profile, **(empty | kept))
    return overview_of(standing, CONFIGURATION, NOW, last_days(NOW, 14))


def _text(overview: Overview) -> str:
    console = Console(file=StringIO(), width=80)
    for line in lines_of(overview):
        console.print(line)
    return console.file.getvalue()  # type: ignore[attr-defined]


def _calls(level: int, plan: str = "free", *, waiting: int = 0, **arms: Arm) -> str:
    keys = {"at_80": AT_80, "steps": STEPS}
    marks = Marks(1000, {keys[name]: arm for name, arm in arms.items()})
    return _text(_overview(plan, levels={CALLS: level}, marks={CALLS: marks}, waiting=waiting))


def test_usage_below_the_limit_tells_what_is_left() -> None:
    assert "calls  850 of 1,000 calls (85 %), 150 left, hard limit" in _calls(850)


def test_usage_above_the_limit_tells_by_how_much() -> None:
    assert "calls  1,200 of 1,000 calls (120 %), 200 over the hard limit" in _calls(1200)


def test_the_percentage_is_rounded_down() -> None:
    assert "(99 %)" in _calls(999)


def test_a_level_below_zero_has_no_percentage() -> None:
    assert "calls  -5 of 1,000 calls, 1,005 left, hard limit" in _calls(-5)


def test_amounts_stand_in_the_unit_and_precision_of_their_meter() -> None:
    assert "files  12.5 of 50 GB (25 %), 37.5 left, hard limit" in _text(_overview(levels={FILES: 125}))


def test_an_unlimited_plan_is_told() -> None:
    assert "calls  850 calls, unlimited" in _calls(850, "endless")


def test_a_meter_that_the_plan_does_not_include_has_no_limit() -> None:
    assert "files  12.5 GB, no limit on this plan" in _text(_overview("endless", levels={FILES: 125}))


def test_the_period_stands_with_what_is_left_of_it() -> None:
    assert "1 Nov 2026 to 1 Dec 2026, 8 days left" in _calls(1)


def test_a_period_stands_in_the_time_zone_of_the_account() -> None:
    start = parse_instant("2026-10-31T15:00:00Z")
    text = _text(_overview(zone="Asia/Tokyo", levels={Counter("calls", "", start): 1}))
    assert "1 Nov 2026 to 1 Dec 2026" in text


def test_an_armed_threshold_tells_where_it_fires_and_how_far_that_is() -> None:
    assert "80%                   armed: fires at 800, 200 to go" in _calls(600)


def test_a_threshold_armed_again_tells_its_generation() -> None:
    assert "armed (generation 2): fires at 800, 200 to go" in _calls(600, at_80=Arm(generation=2))


def test_a_fired_threshold_tells_where_it_is_armed_again() -> None:
    text = _calls(850, at_80=Arm("fired"))
    assert "80%                   fired at 800 (generation 1); armed again below 750" in text


def test_a_threshold_that_waits_for_its_condition_says_so() -> None:
    assert "reached; fires once the condition of its rule is true" in _calls(850, at_80=Arm(waits=True))


def test_a_life_stands_beside_its_period_with_its_milestones() -> None:
    marks = {LIFE: Marks(None, {ArmKey("busy", "1000"): Arm("fired")})}
    text = _text(_overview(levels={CALLS: 5, LIFE: 1200}, marks=marks))
    assert [line.strip() for line in text[text.index("calls  1,200") :].splitlines()][:4] == [
        "calls  1,200 calls over the account's life",
        "rule busy",
        "1000  fired at 1,000 (generation 1); never again",
        "5000  armed: fires at 5,000, 3,800 to go",
    ]


def test_a_threshold_that_fell_twice_waits_for_the_next_period() -> None:
    text = _calls(850, at_80=Arm("fired", 3, (NOW - HOUR, NOW)))
    assert "fired at 800 (generation 3); armed again with the next" in text


def test_falls_of_a_stock_count_for_30_days() -> None:
    arm = Arm("fired", 3, (NOW - 31 * DAY, NOW))
    text = _text(_overview(levels={FILES: 410}, marks={FILES: Marks(500, {FULL: arm})}))
    assert "80%  fired at 40 (generation 3); armed again below 37.5" in text


def test_a_recurring_step_tells_the_last_and_the_next() -> None:
    text = _calls(1150, at_80=Arm("fired"), steps=Arm("fired", step=1100))
    assert "every 100 after 100%  fired at 1,100 (generation 1); 50 to go to 1,200" in text


def test_a_threshold_already_past_says_why_it_is_silent() -> None:
    assert "already past 800 (late, backfill, or a new rule)" in _calls(850, at_80=Arm("already_past"))


def test_a_threshold_that_was_reached_and_waits_is_told() -> None:
    assert "80%                   reached; waits to be judged" in _calls(850, waiting=1)


def test_a_threshold_under_the_level_that_nothing_has_judged_is_told() -> None:
    assert "80%                   reached; judged with the next event" in _calls(850)


def test_a_percentage_without_a_limit_is_told() -> None:
    assert "80%                   needs a limit" in _calls(850, "endless")


def test_of_a_limit_of_zero_only_the_whole_exists() -> None:
    assert "80%                   not at a limit of 0" in _calls(850, "blocked")


def test_facts_that_wait_are_told() -> None:
    assert "1 fact waits to be judged and published" in _calls(1, waiting=1)


def test_a_meter_without_usage_stands_in_one_line_with_its_limit() -> None:
    assert "Nothing counted yet now: files (limit 50)" in _calls(1)


def test_an_earlier_period_stands_with_the_limit_then_and_what_fired() -> None:
    earlier = Counter("calls", "", OCTOBER)
    marks = {earlier: Marks(1000, {AT_80: Arm("fired")})}
    text = _text(_overview(levels={earlier: 900}, marks=marks))
    assert "│ calls │ 1 Oct 2026 to 1 Nov 2026 │ 900 calls │ 1,000 │ quota 80% │" in text


def test_a_counter_whose_meter_is_gone_is_told_as_it_is_kept() -> None:
    assert "1,234 (not in the catalog)" in _text(_overview(levels={Counter("gone", "", None): 1234}))


def test_a_dimension_stands_beside_its_meter() -> None:
    text = _text(_overview(levels={Counter("calls", "eu", NOVEMBER): 5}))
    assert "calls [eu]  5 of 1,000 calls" in text


def test_an_account_name_is_no_markup() -> None:
    assert _text(_overview(name="[bold]x")).startswith("[bold]x on plan free, active, profile version 3")


def test_decisions_are_counted_by_verdict() -> None:
    assert "Decided and remembered: 2 fired, 1 suppressed" in _text(_overview(decided={"suppressed": 1, "fired": 2}))


def test_limits_and_add_ons_that_the_catalog_does_not_know_are_told() -> None:
    named = {"limits": {"cals": "5", "calls": "5"}, "add_ons": {"moar": 1}}
    assert "does not know limits.cals, add_ons.moar, which the" in _text(_overview(named=named))


def test_limits_and_add_ons_that_the_catalog_does_not_know_are_in_the_document() -> None:
    document = document_of(_overview(named={"limits": {"cals": "5", "calls": "5"}, "add_ons": {"moar": 1}}))
    assert (document["unknown_limits"], document["unknown_add_ons"]) == (["cals"], ["moar"])


def test_a_profile_that_names_only_what_is_sold_has_no_such_line() -> None:
    assert "does not know" not in _text(_overview(named={"limits": {"calls": "5"}}))


def test_an_unknown_plan_is_told() -> None:
    assert "The catalog does not know the plan gold" in _text(_overview("gold"))


def test_an_account_not_known_shows_what_its_hours_hold() -> None:
    hour = hour_of(NOW)
    hours = HourTotals("n2", [day_of(NOW)], {("calls", hour): (Add(1), Add(2)), ("calls", hour - 1): (None, Add(4))})
    assert "calls  7 calls since 22 Nov 2026 09:00 UTC" in _text(_overview(None, hours=hours))


def test_an_account_not_known_is_told_how_to_send_a_profile_whatever_its_name() -> None:
    assert "expansion-signals emit 'a b' --type expansion.account.updated.v1" in _text(_overview(None, name="a b"))


def test_an_account_whose_profile_is_gone_keeps_its_counters() -> None:
    text = _text(_overview(None, levels={CALLS: 5}))
    assert ("Its profile was taken away" in text, "from 1 Nov 2026 │ 5 calls" in text) == (True, True)


@pytest.mark.parametrize(
    ("sums", "line"), [([0, 1, 8], "·▁█"), ([5, -3, 10], "▄·█"), ([0, 0], "··"), ([], ""), ([1, 100], "▁█")]
)
def test_a_sparkline_is_as_high_as_the_day(sums: list[int], line: str) -> None:
    assert sparkline(sums) == line


def test_the_days_stand_with_their_sum_and_the_highest() -> None:
    days = {("calls", day_of(NOW)): 5, ("calls", day_of(NOW) - 2): 20}
    text = _text(_overview(levels={CALLS: 25}, days=days))
    assert "···········█·▂  last 14 days: 25 calls, most 20 on 20 Nov" in text


def test_days_without_use_are_left_out() -> None:
    assert "last 14 days" not in _calls(5)


def test_json_tells_each_counter_also_where_nothing_was_counted() -> None:
    counters = document_of(_overview())["counters"]
    assert [(each["meter"], each["usage"], each["limit"]) for each in counters] == [
        ("calls", "0", "1000"),
        ("files", "0", "50"),
        ("users", "0", None),
    ]


def test_json_has_null_for_what_needs_a_limit() -> None:
    [calls, *_] = document_of(_overview("endless", levels={CALLS: 5}))["counters"]
    names = ("feature", "limit", "utilization", "remaining", "overage")
    assert [calls[name] for name in names] == ["calls", None, None, None, "0"]


def test_json_says_that_an_account_is_not_known() -> None:
    document = document_of(_overview(None))
    assert [document[name] for name in ("known", "plan", "plan_known", "profile", "counters")] == [
        False,
        None,
        False,
        None,
        [],
    ]


def test_the_values_of_a_dimension_stand_highest_first() -> None:
    shares = {FILES: {("region", "eu"): 25, ("region", "us"): 100, ("model", "m-1"): 5}}
    shown = _text(_overview(levels={FILES: 125}, shares=shares)).split()
    assert " ".join(shown).endswith(
        "by model m-1 0.5 GB by region us 10 GB eu 2.5 GB Nothing counted yet now: calls (limit 1,000), users"
    )


def test_of_many_values_the_ten_highest_are_shown() -> None:
    shares = {CALLS: {("region", f"r{n:02}"): n for n in range(1, 14)}}
    shown = _text(_overview(levels={CALLS: 91}, shares=shares))
    assert ("by region, 10 highest of 13 values" in shown, "r04" in shown, "r03" in shown) == (True, True, False)


def test_scripts_get_all_values_of_a_dimension() -> None:
    shares = {CALLS: {("region", f"r{n:02}"): n for n in range(1, 14)}}
    (calls, *_) = document_of(_overview(levels={CALLS: 91}, shares=shares))["counters"]
    assert (len(calls["dimensions"]["region"]), calls["dimensions"]["region"][0]) == (
        13,
        {"value": "r13", "usage": "13"},
    )


def test_who_was_active_is_told_though_nothing_is_counted_in_this_period() -> None:
    active = {("users", 30): Active(1_480, estimated=True), ("users", 7): Active(12, estimated=False)}
    assert "active within 7 days: 12, within 30 days: about 1,480" in _text(_overview(active=active))


def test_scripts_get_who_was_active() -> None:
    active = {("users", 30): Active(1_480, estimated=True), ("users", 7): Active(12, estimated=False)}
    (*_, users) = document_of(_overview(active=active))["counters"]
    assert users["active"] == [
        {"days": 7, "members": 12, "approximate": False},
        {"days": 30, "members": 1_480, "approximate": True},
    ]
