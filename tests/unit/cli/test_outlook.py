from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.cli.account_overview import overview_of
from expansion_signals.cli.outlook import lead_lines, silences, upcoming
from expansion_signals.decide.cases import Mutes
from expansion_signals.decide.remembered import Fired, Held, Prompted, Remembered
from expansion_signals.decide.signal_text import document_of
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.facts import Marks
from expansion_signals.model.instants import DAY, HOUR, parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.model.standing import AccountStanding
from expansion_signals.model.thresholds import Arm, ArmKey
from expansion_signals.model.windows import last_days
from expansion_signals.rules.loading import load
from sample_signals import signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.cli.account_overview import Overview
    from expansion_signals.cli.outlook import Silence

NOW = parse_instant("2026-11-22T10:00:00Z")
CALLS = Counter("calls", "", parse_instant("2026-11-01T00:00:00Z"))
FILES = Counter("files", "", None)

CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count, unit: call}
  files: {event: com.acme.stored, aggregation: sum, value: size, per: never, precision: 1, unit: GB}
features:
  calls: {meter: calls}
  files: {meter: files}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}, files: {limit: 50}}}
"""
RULES = """
rules:
  - {id: quota, signal: limit_reached, meter: calls, at: [80%, 100%]}
  - {id: full, signal: limit_reached, meter: files, at: [80%], cooldown: 14d}
  - {id: apart, signal: limit_reached, meter: files, at: [90%], holdout: 100%}
  - {id: leads, signal: pql, qualify_at: 50, criteria: [{id: hits, when: limit_hits >= 3, within: 14d, points: 60}]}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})


def _overview(
    levels: Mapping[Counter, int],
    marks: Mapping[Counter, Marks] | None = None,
    **profile: Any,  # noqa: ANN401 -- any field
) -> Overview:
    account = Account.model_validate({"version": 1, "plan": "free"} | profile)
    standing = AccountStanding("acct-1", 1, succeed(None, account, NOW), levels, marks or {}, {}, 0, {}, None, {})
    return overview_of(standing, CONFIGURATION, NOW, last_days(NOW, 14))


def _next(calls: int, files: int = 0, **arms: Arm) -> list[str]:
    marks = {CALLS: Marks(1000, {ArmKey("quota", f"{name[1:]}%"): arm for name, arm in arms.items()})}
    return [each.says for each in upcoming(_overview({CALLS: calls, FILES: files}, marks))]


def _silent(
    remembered: Remembered | None = None,
    mutes: Mapping[Any, int] | None = None,
    **profile: Any,  # noqa: ANN401 -- any field
) -> list[Silence]:
    found = silences(_overview({}, **profile), remembered or Remembered(), Mutes(mutes or {}), UTC)
    return [each for each in found if each.kind != "holdout"]


def _fired(rule: str = "quota", time: int = NOW) -> Fired:
    return Fired("t-1", "limit.reached", {"id": rule, "version": "v"}, time, time + 7 * DAY, "ada", "limit_approaching")


def _prompted(deed: str, trigger: str, time: int, **more: Any) -> Prompted:  # noqa: ANN401 -- any field
    return Prompted(deed, time, "ada", trigger, prompt="limit_approaching", **more)


def test_the_next_threshold_of_a_rule_is_told_with_what_is_to_go() -> None:
    assert _next(600)[0] == "quota at 800 calls (80%): 200 calls to go, 600 calls now"


def test_what_has_fired_gives_way_to_the_threshold_above_it() -> None:
    assert _next(850, _80=Arm("fired"))[0] == "quota at 1,000 calls (100%): 150 calls to go, 850 calls now"


def test_the_nearest_comes_first() -> None:
    assert [each.partition(" at ")[0] for each in _next(100, 300)] == ["full", "apart", "quota"]


def test_what_is_reached_comes_with_the_next_event() -> None:
    assert _next(850)[0] == "quota at 800 calls (80%): reached, with the next event"


def test_what_waits_for_its_condition_says_so() -> None:
    assert _next(850, _80=Arm(waits=True))[0].endswith("reached, once the condition of the rule is true")


def test_where_everything_has_fired_nothing_comes_next() -> None:
    assert [each for each in _next(1000, _80=Arm("fired"), _100=Arm("fired")) if each.startswith("quota")] == []


def test_scripts_get_the_amounts_apart() -> None:
    nearest = upcoming(_overview({FILES: 205}))[0]
    assert [nearest.about[name] for name in ("rule", "threshold", "at", "usage", "to_go")] == [
        {"id": "full", "version": CONFIGURATION.rule_versions["full"]},
        "80%",
        "40",
        "20.5",
        "19.5",
    ]


@pytest.mark.parametrize("place", [(None, None), ("quota", None), (None, "acct-1"), ("quota", "acct-1")])
def test_what_is_muted_is_told_until_when(place: tuple[str | None, str | None]) -> None:
    [muted] = _silent(mutes={place: NOW + HOUR})
    assert (muted.kind, muted.until) == ("muted", NOW + HOUR)


@pytest.mark.parametrize(("place", "until"), [(("quota", "acct-2"), NOW + HOUR), (("quota", None), NOW)])
def test_mutes_of_others_and_those_that_have_ended_are_not_told(place: tuple[str, str | None], until: int) -> None:
    assert _silent(mutes={place: until}) == []


def test_rules_that_hold_the_account_out_are_told() -> None:
    found = silences(_overview({}), Remembered(), Mutes({}), UTC)
    assert [(each.kind, each.about["rule"]) for each in found] == [("holdout", "apart")]


def test_what_is_held_is_told_until_when() -> None:
    remembered = Remembered(held=(Held(document_of(signal("80")), "0:1", [0], NOW + 8 * HOUR),))
    [held] = _silent(remembered)
    assert (held.kind, held.until, held.about["rule"]) == ("held", NOW + 8 * HOUR, "api-quota")


def test_a_snooze_is_told_until_it_ends() -> None:
    remembered = Remembered(prompted=(_prompted("snoozed", "t-1", NOW - HOUR, until=NOW + DAY),))
    [snoozed] = _silent(remembered)
    assert (snoozed.says, snoozed.until) == (
        "Prompts “limit approaching” for ada: asked to be reminded later",
        NOW + DAY,
    )


def test_a_snooze_that_has_ended_is_not_told() -> None:
    assert _silent(Remembered(prompted=(_prompted("snoozed", "t-1", NOW - DAY, until=NOW),))) == []


def test_three_dismissals_are_told_for_30_days_from_the_third() -> None:
    times = (NOW - 3 * DAY, NOW - 2 * DAY, NOW - DAY)
    dismissed = tuple(_prompted("dismissed", f"t-{place}", time) for place, time in enumerate(times))
    [silent] = _silent(Remembered(prompted=dismissed))
    assert (silent.kind, silent.until) == ("dismissed", NOW + 29 * DAY)


def test_two_dismissals_silence_nothing() -> None:
    dismissed = tuple(_prompted("dismissed", f"t-{place}", NOW - place) for place in range(2))
    assert _silent(Remembered(prompted=dismissed)) == []


def test_a_request_to_cancel_pauses_what_is_sold_for_30_days() -> None:
    [paused] = _silent(Remembered(cancelled=NOW - DAY))
    assert (paused.kind, paused.until) == ("cancel_pending", NOW + 29 * DAY)


def test_an_account_at_risk_is_told() -> None:
    assert [each.kind for each in _silent(Remembered(health={"score": 42, "band": "at_risk"}))] == ["at_risk"]


def test_an_account_that_nothing_is_sold_to_is_told() -> None:
    assert [each.kind for each in _silent(status="past_due")] == ["account_status"]


def test_a_lead_is_told_with_its_score_and_its_criteria() -> None:
    state = {"qualified": True, "tier": "B", "score": 72, "criteria": {"hits": {"met": True}}}
    remembered = Remembered(leads={"leads": {"state": state}}, health={"score": 78, "band": "healthy"})
    assert list(lead_lines(remembered, CONFIGURATION)) == [
        "Health 78, healthy",
        "leads: a lead of tier B, score 72; met now: hits",
    ]


def test_an_account_that_is_no_lead_is_told_what_it_takes() -> None:
    state = {"qualified": False, "criteria": {"hits": {"met": False}}}
    [line] = lead_lines(Remembered(leads={"leads": {"state": state}}), CONFIGURATION)
    assert line == "leads: no lead (it takes 50 points); no criterion is met now"


@pytest.mark.parametrize(("ago", "silent"), [(13 * DAY, ["cooldown"]), (14 * DAY, [])])
def test_a_rule_that_rests_is_told_until_it_may_fire_again(ago: int, silent: list[str]) -> None:
    assert [each.kind for each in _silent(Remembered(fired=(_fired("full", NOW - ago),)))] == silent
