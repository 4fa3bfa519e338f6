"""What an account has used lately: windows that end today, and totals of months."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from expansion_signals.cli.account_document import document_of
from expansion_signals.cli.account_overview import Overview, overview_of
from expansion_signals.cli.account_view import lines_of
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.instants import HOUR, day_of, parse_instant
from expansion_signals.model.months import Month
from expansion_signals.model.readings import Counter
from expansion_signals.model.standing import AccountStanding
from expansion_signals.model.windows import last_days
from expansion_signals.rules.loading import load

NOW = parse_instant("2026-11-22T10:00:00Z")
NOVEMBER = parse_instant("2026-11-01T00:00:00Z")
CALLS = Counter("calls", "", NOVEMBER)
CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count, unit: call}
  files: {event: com.acme.stored, aggregation: sum, value: size, per: never, precision: 1, unit: GB}
  peak: {event: com.acme.stored, aggregation: max, value: size, unit: GB}
  hourly: {event: com.acme.called, aggregation: count, per: hour, unit: call}
features: {}
plans:
  - {key: free, price: "0", includes: {}}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": "rules: []"})


def overview(*, known: bool = True, **kept: Any) -> Overview:  # noqa: ANN401 -- any field of a standing
    profile = succeed(None, Account(version=3, plan="free"), NOW) if known else None
    nothing: dict[str, Any] = {key: {} for key in ("levels", "marks", "guards", "days", "decided")}
    fields = nothing | {"waiting": 0, "hours": None} | kept
    standing = AccountStanding(account="acct-1", epoch=2, profile=profile, **fields)
    return overview_of(standing, CONFIGURATION, NOW, last_days(NOW, 14))


def text(of: Overview) -> str:
    console = Console(file=StringIO(), width=80)
    for line in lines_of(of):
        console.print(line)
    return console.file.getvalue()  # type: ignore[attr-defined]


TODAY = day_of(NOW)
RECENT = {("calls", TODAY): 5, ("calls", TODAY - 6): 20, ("calls", TODAY - 7): 100, ("calls", TODAY - 30): 1000}


def test_what_was_used_within_7_and_30_days_is_told() -> None:
    shown = text(overview(levels={CALLS: 125}, days=RECENT))
    assert "used within 7 days: 25 calls, within 30 days: 125 calls" in shown


def test_the_highest_of_a_window_is_no_sum() -> None:
    days = {("peak", TODAY): 5, ("peak", TODAY - 6): 20}
    shown = text(overview(levels={Counter("peak", "", NOVEMBER): 20}, days=days))
    assert "highest within 7 days: 20 GB, within 30 days: 20 GB" in shown
    assert "last 14 days: 20 GB" in shown


def test_a_meter_that_counts_hours_tells_its_last_24() -> None:
    levels = {Counter("hourly", "", NOW - back * HOUR): count for back, count in [(0, 1), (23, 2), (24, 4)]}
    assert "used within 24 hours: 3 calls" in text(overview(levels=levels))


def test_scripts_get_what_was_used_within_windows() -> None:
    (calls, *_) = document_of(overview(levels={CALLS: 125}, days=RECENT))["counters"]
    assert calls["within"] == [{"days": 7, "usage": "25"}, {"days": 30, "usage": "125"}]


def test_scripts_get_totals_of_months() -> None:
    months = {("files", Month(2026, 8)): 123, ("gone", Month(2026, 7)): 5}
    assert document_of(overview(months=months))["months"] == [
        {"meter": "files", "month": "2026-08", "usage": "12.3"},
        {"meter": "gone", "month": "2026-07", "usage": "5"},
    ]


def test_an_account_with_nothing_but_totals_is_kept() -> None:
    assert not overview(known=False, months={("files", Month(2026, 8)): 123}).standing.is_empty
