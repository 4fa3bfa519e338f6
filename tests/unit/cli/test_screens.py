from __future__ import annotations

import json
from typing import TYPE_CHECKING

from expansion_signals.cli.demonstration import FAMILIES, Outcome
from expansion_signals.cli.screens import JsonScreen, counts_line, delay_cell, summary, trigger_line, triggers_line
from expansion_signals.cli.sightings import sighted
from expansion_signals.local.metrics import Tallies
from expansion_signals.model.instants import MILLISECOND
from expansion_signals.model.records import Record

if TYPE_CHECKING:
    import pytest

ENVELOPE = {
    "specversion": "1.0",
    "id": "0a1b",
    "source": "/expansion-signals",
    "type": "expansion.limit.reached.v1",
    "subject": "acct-1",
    "time": "2026-11-22T10:00:00Z",
    "causationid": "7f1c",
    "data": {"family": "limit", "why": "800 of 1,000 calls used (80 %)", "utilization": "0.8"},
}
TEXT = json.dumps(ENVELOPE)
SIGHTING = sighted(Record("expansion-limit-reached", 0, 0, b"acct-1", TEXT.encode(), (), 0))


def _outcome() -> Outcome:
    outcome = Outcome(sent=10, tallies=Tallies(7, 1, 1, 1), families={"limit"}, latencies=[5 * MILLISECOND] * 3)
    outcome.types["limit.reached"] = 3
    return outcome


def test_a_trigger_reads_as_one_line() -> None:
    line = trigger_line(SIGHTING, SIGHTING.time, delay_cell(12 * MILLISECOND)).plain
    assert line.endswith("     12 ms  acct-1          limit.reached     800 of 1,000 calls used (80 %)")


def test_what_no_record_has_caused_stands_in_the_same_columns() -> None:
    lines = [trigger_line(SIGHTING, SIGHTING.time, delay_cell(latency)).plain for latency in (MILLISECOND, None)]
    assert lines[0].index("acct-1") == lines[1].index("acct-1")


def test_the_books_balance_on_screen() -> None:
    line = counts_line(_outcome()).plain
    assert line == "received 10 = counted 7 + duplicate 1 + unmatched 1 + dead-lettered 1 · triggers 3"


def test_the_sums_name_types_and_latency() -> None:
    assert triggers_line(_outcome()) == "3 limit.reached; from event to trigger p50 5 ms, p99 5 ms"


def test_the_summary_has_the_figures_of_the_interface() -> None:
    figures = summary(_outcome())
    names = ("received", "counted", "duplicate", "unmatched", "dead_lettered", "triggers")
    assert [figures[name] for name in names] == [10, 7, 1, 1, 1, 3]


def test_json_shows_the_cloudevent_as_it_stands_on_the_topic(capsys: pytest.CaptureFixture[str]) -> None:
    JsonScreen().show(SIGHTING, 0, 0)
    assert capsys.readouterr().out == TEXT + "\n"


def test_a_family_that_never_fired_is_named_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    JsonScreen().conclude(Outcome(families={*FAMILIES} - {"seat"}))
    assert capsys.readouterr().err == "no trigger of the family seat has fired\n"
