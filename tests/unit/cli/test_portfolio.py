from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from briefed_account import CONFIGURATION
from expansion_signals.cli.expansion_kinds import EXPANSION_KINDS
from expansion_signals.cli.portfolio import Portfolio, known_of
from expansion_signals.cli.report_document import FORMULAS, document_of
from expansion_signals.cli.report_view import lines_of
from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR, format_instant
from expansion_signals.model.kinds import KINDS
from sample_signals import NOW, gated
from told_account import came_of, changed, decided, found, prompted, told, trigger, withdrawn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.happenings import Told

SINCE = NOW - 90 * DAY
TEAM, BUSINESS = {"version": 1, "plan": "team"}, {"version": 2, "plan": "business"}
CATALOG = CONFIGURATION.catalog


def _report(*happenings: Told, accounts: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    portfolio = Portfolio(CATALOG, SINCE)
    for each in happenings:
        portfolio.take(told(each))
    now = {
        account: known_of(Account.model_validate(profile), CATALOG)
        for account, profile in (accounts or {"acct-1": TEAM}).items()
    }
    document: dict[str, Any] = json.loads(json.dumps(document_of(portfolio.concluded(now), CONFIGURATION, NOW)))
    return document


def _rule(report: dict[str, Any]) -> dict[str, Any]:
    [rule] = report["rules"]
    found_so: dict[str, Any] = rule
    return found_so


def test_every_type_of_signal_is_of_one_kind_of_expansion() -> None:
    listed = [kind for kinds in EXPANSION_KINDS.values() for kind in kinds]
    assert sorted(listed) == sorted(KINDS)


def test_the_share_of_a_kind_is_that_of_its_triggers() -> None:
    gates = [trigger(gated(str(number))) for number in range(3)]
    shares = {each["kind"]: each["share"] for each in _report(trigger(), *gates)["kinds"]}
    assert (shares["plan"], shares["seats"]) == ("1", "0")


def test_kinds_count_signals_and_triggers() -> None:
    crossed = found()
    [plan] = [each for each in _report(crossed, found("90"), trigger(crossed))["kinds"] if each["kind"] == "plan"]
    assert (plan["signals"], plan["triggers"]) == (2, 1)


def test_what_a_crash_put_there_twice_counts_once() -> None:
    crossed = found()
    rule = _rule(_report(*[crossed, decided(crossed), trigger(crossed), came_of(trigger(crossed))] * 2))
    assert (rule["fired"], rule["outcomes"]) == (1, 1)


def test_a_rule_is_told_from_fired_to_bought() -> None:
    crossed = found()
    of = trigger(crossed)
    reports = [prompted("shown", of), prompted("shown", of, after=HOUR), prompted("clicked", of)]
    rule = _rule(_report(crossed, decided(crossed), of, *reports, came_of(of, time=NOW + HOUR), withdrawn(of)))
    names = ("fired", "shown", "dismissed", "clicked", "outcomes", "seconds_to_outcome", "withdrawn")
    assert [rule[name] for name in names] == [1, 1, 0, 1, 1, 3_600, 1]


def test_what_was_bought_is_told_with_its_revenue() -> None:
    of = trigger()
    assert _rule(_report(of, came_of(of)))["mrr_change"] == [{"amount": "49.00", "currency": "USD"}]


def test_decisions_that_were_silent_are_told_by_their_first_reason() -> None:
    silent = [decided(found(str(at)), "suppressed", "at_risk", "muted") for at in (80, 90)]
    assert _rule(_report(*silent))["silent"] == {"at_risk": 2}


def test_the_split_is_by_the_route_of_the_last_trigger() -> None:
    alone = trigger(found("80"))
    helped = trigger(found("90"), route={"to": "owner", "owner": "dana"})
    split = _report(alone, helped, came_of(alone), came_of(helped, time=NOW + 1), came_of(None, time=NOW + 2))["split"]
    assert (split["self_serve"]["outcomes"], split["assisted"]["outcomes"], split["without_a_trigger"]) == (1, 1, 1)


def test_revenue_comes_from_the_profiles_before_and_after() -> None:
    report = _report(changed(TEAM, BUSINESS), accounts={"acct-1": BUSINESS, "acct-2": TEAM})
    [usd] = report["revenue"]
    assert (usd["start"], usd["expansion"], usd["now"], usd["nrr"]) == ("98.00", "200.00", "298.00", "3.0408")


def test_an_account_that_was_taken_away_is_churn() -> None:
    report = _report(changed(TEAM, None, account="acct-2"), accounts={"acct-1": TEAM})
    [usd] = report["revenue"]
    assert (usd["start"], usd["churn"], usd["nrr"]) == ("98.00", "49.00", "0.5")


def test_a_first_profile_is_new() -> None:
    [usd] = _report(changed(None, TEAM))["revenue"]
    assert (usd["start"], usd["new"], usd["nrr"]) == ("0.00", "49.00", None)


def test_upgrades_are_of_accounts_that_could_move_up() -> None:
    upgrade = came_of(None, account="acct-2", **{"from": "team", "to": "business"})
    accounts = {"acct-1": TEAM, "acct-2": BUSINESS, "top": BUSINESS, "paused": {**TEAM, "status": "paused"}}
    upgrades = _report(upgrade, accounts=accounts)["upgrades"]
    assert (upgrades["count"], upgrades["eligible"], upgrades["rate"]) == (1, 2, "0.5")


def test_frequencies_are_for_100_accounts_a_month() -> None:
    lower = {"kind": "contraction", "from": "business", "to": "team"}
    report = _report(came_of(None, **lower), accounts={"a": TEAM, "b": TEAM})
    assert report["downgrades"] == {"count": 1, "frequency": "16.6667"}


def test_leaving_and_giving_up_an_add_on_are_no_moves_to_a_lower_plan() -> None:
    left = came_of(None, kind="contraction", **{"from": "team", "to": None})
    given_up = came_of(None, kind="contraction", time=NOW - 1, **{"from": "extra-api", "to": None})
    assert _report(left, given_up)["downgrades"]["count"] == 0


def test_the_first_expansion_is_told_in_days_from_the_first_purchase() -> None:
    profile = {**TEAM, "first_purchase_at": format_instant(NOW - 45 * DAY)}
    report = _report(came_of(None), came_of(None, time=NOW + DAY), accounts={"acct-1": profile})
    assert report["days_to_first_expansion"] == 45


def test_who_had_expanded_before_has_no_first_expansion_now() -> None:
    profile = {**TEAM, "first_purchase_at": format_instant(NOW - 400 * DAY)}
    report = _report(came_of(None, time=SINCE - DAY), came_of(None), accounts={"acct-1": profile})
    assert (report["days_to_first_expansion"], report["upgrades"]["count"]) == (None, 1)


def test_seats_grow_by_those_that_were_bought_more() -> None:
    bought = came_of(None, kind="seats", **{"from": "10", "to": "15"})
    report = _report(bought, accounts={"acct-1": {**TEAM, "limits": {"seats": "15"}}, "acct-2": TEAM})
    assert report["seats"] == {"at_start": 25, "added": 5, "rate": "0.2"}


def test_seats_at_the_start_are_those_before_the_first_change() -> None:
    after = {**TEAM, "limits": {"seats": "15"}}
    bought = came_of(None, kind="seats", **{"from": "10", "to": "15"})
    report = _report(changed(TEAM, after), bought, accounts={"acct-1": after})
    assert report["seats"] == {"at_start": 10, "added": 5, "rate": "0.5"}


def test_each_figure_has_its_formula() -> None:
    assert _report()["formulas"] == FORMULAS


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_each_formula_is_of_a_figure_of_the_report(formula: str) -> None:
    crossed = found()
    report: Any = _report(crossed, decided(crossed), trigger(crossed), came_of(trigger(crossed)))
    for step in formula.split("."):
        report = report[0] if isinstance(report, list) else report
        names = {"per_account": "per_account_now"}
        if isinstance(report, dict) and step == "outcomes" and "self_serve" in report:
            report = report["self_serve"]
        report = report[names.get(step, step)]


def test_a_portfolio_without_anything_is_told() -> None:
    console = Console(file=StringIO(), width=120)
    for line in lines_of(_report(accounts={"acct-1": TEAM})):
        console.print(line)
    assert "1 account, 0 triggers" in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_person_reads_figures_beside_their_formulas() -> None:
    crossed = found()
    report = _report(crossed, decided(crossed), trigger(crossed), changed(TEAM, BUSINESS))
    console = Console(file=StringIO(), width=160)
    for line in lines_of(report):
        console.print(line)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "(start + expansion - contraction - churn) ÷ start" in text
