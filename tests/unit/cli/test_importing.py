"""Which totals are still to be sent, by what is counted already."""

from __future__ import annotations

import pytest

from expansion_signals.cli.day_total_file import DayTotal
from expansion_signals.cli.importing import not_counted
from expansion_signals.errors import RejectedImport
from expansion_signals.model.catalog import Meter
from expansion_signals.model.instants import parse_day
from expansion_signals.state.counted_days import CountedDay

CALLS = Meter("calls", "com.acme.called", "sum", "call", precision=1)
FILES = Meter("files", "com.acme.saved", "sum", "file")
FIRST = parse_day("2026-11-01")


def total(day: int, amount: int, *, account: str = "acct-1", meter: Meter = CALLS) -> DayTotal:
    return DayTotal(day, account, meter, FIRST + day, amount)


def stands(day: int, *, account: str = "acct-1", meter: Meter = CALLS) -> CountedDay:
    return CountedDay(account, meter.key, FIRST + day)


FILE = [total(day, 10 * day) for day in (1, 2, 3)]


def days(counted: dict[CountedDay, int]) -> list[int]:
    return [each.day - FIRST for each in not_counted("totals.jsonl", FILE, counted)]


def refused(counted: dict[CountedDay, int]) -> list[str]:
    with pytest.raises(RejectedImport) as rejected:
        not_counted("totals.jsonl", FILE, counted)
    return [str(problem) for problem in rejected.value.problems]


def test_all_are_sent_where_nothing_is_counted() -> None:
    assert days({}) == [1, 2, 3]


def test_what_was_imported_before_is_passed_over() -> None:
    assert days({stands(1): 10, stands(2): 20, stands(3): 30}) == []


def test_what_an_import_that_broke_off_left_is_sent() -> None:
    assert days({stands(1): 10, stands(3): 30}) == [2]


def test_days_before_the_first_live_one_are_sent() -> None:
    assert days({stands(4): 7}) == [1, 2, 3]


@pytest.mark.parametrize("other", [stands(0, account="acct-2"), stands(0, meter=FILES)])
def test_another_account_and_another_meter_play_no_part(other: CountedDay) -> None:
    assert days({other: 7}) == [1, 2, 3]


def test_a_day_that_stands_otherwise_is_refused_with_both_values() -> None:
    [told] = refused({stands(3): 31})
    assert told.startswith("totals.jsonl:3:1: day: 2026-11-04 stands at 3.1 already, not at 3; ")


def test_days_since_the_first_live_one_are_refused() -> None:
    assert [line.partition(": day: ")[2].partition(";")[0] for line in refused({stands(0): 7, stands(1): 10})] == [
        "`calls` of `acct-1` is counted here since 2026-11-01",
        "`calls` of `acct-1` is counted here since 2026-11-01",
    ]
