"""The truth by which a benchmark judges everybody, on cases small enough to be counted by hand."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime

import pytest
from benchmarks import workload
from benchmarks.workload import Shape, Threshold, Use, Workload, due_of, levels

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
MONTH = "2026-11"
CALLS = (0, "api_calls")


def at(threshold: str) -> Threshold:
    return Threshold("acct-00000", "api_calls", MONTH, threshold)


def calls(*amounts: int) -> list[Use]:
    return [Use(place, *CALLS, amount) for place, amount in enumerate(amounts)]


def test_exactly_80_percent_is_reached_and_one_less_is_not() -> None:
    assert due_of(calls(7), {CALLS: 10}, MONTH) == {}
    assert due_of(calls(7, 1), {CALLS: 10}, MONTH) == {at("80%"): 1}


def test_80_percent_of_a_limit_that_ten_does_not_divide_is_the_next_whole_number() -> None:
    assert levels(7) == {"80%": 6, "100%": 7}
    assert due_of(calls(5, 1), {CALLS: 7}, MONTH) == {at("80%"): 1}


def test_one_event_may_reach_both_thresholds_and_none_is_reached_twice() -> None:
    assert due_of(calls(3, 9, 9), {CALLS: 10}, MONTH) == {at("80%"): 1, at("100%"): 1}


def test_meters_and_accounts_are_counted_apart() -> None:
    uses = [Use(0, 0, "api_calls", 5), Use(1, 0, "exports", 5), Use(2, 1, "api_calls", 5)]
    assert due_of(uses, {CALLS: 10, (0, "exports"): 10, (1, "api_calls"): 10}, MONTH) == {}


def test_a_copy_of_what_is_invalid_is_invalid_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload, "DUPLICATES", 1.0)
    load = workload.backlog(20, now=NOW, shape=Shape(accounts=1))  # the first can be no copy, so it is spoilt
    assert len(set(load.values)) == 1
    assert (load.due, load.broken) == ({}, 20)


def test_what_is_invalid_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload, "DUPLICATES", 0.0)
    monkeypatch.setattr(workload, "INVALID", 1.0)
    load = workload.backlog(20, now=NOW, shape=Shape(accounts=1))
    assert (load.due, load.broken) == ({}, 20)


@pytest.mark.parametrize("shape", [Shape(accounts=3), Shape(accounts=3, hot=0.9)], ids=["usual", "one is hot"])
def test_counting_the_records_one_by_one_each_copy_once_comes_to_the_same(
    shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workload, "DUPLICATES", 0.2)
    monkeypatch.setattr(workload, "INVALID", 0.1)
    monkeypatch.setattr(workload, "TRIGGERS_AN_EVENT", 0.02)
    load = workload.backlog(500, now=NOW, shape=shape)
    assert load.due
    assert len(set(load.values)) < len(load.values), "no copies"
    assert counted(load) == (load.due, load.broken)


def test_the_hot_account_has_its_part_of_the_events() -> None:
    load = workload.backlog(1_000, now=NOW, shape=Shape(accounts=100, hot=0.9))
    assert load.accounts.count("acct-00000") == pytest.approx(900, abs=40)


def counted(load: Workload) -> tuple[dict[Threshold, int], int]:
    """Return the thresholds as they are reached, and how many records are broken, from the bytes alone."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    reached: dict[Threshold, int] = {}
    seen: set[str] = set()
    broken = 0
    for place, value in enumerate(load.values):
        try:
            event = json.loads(value)
            name, amount = event["id"], int(event["data"]["value"])
        except (ValueError, KeyError):
            broken += 1
            continue
        if name in seen:
            continue
        seen.add(name)
        account, meter = event["subject"], event["data"]["meter"]
        totals[account, meter] += amount
        limit = load.limits[account][meter]
        for threshold, hundredths in (("80%", 80), ("100%", 100)):
            if totals[account, meter] * 100 >= limit * hundredths:
                reached.setdefault(Threshold(account, meter, MONTH, threshold), place)
    return reached, broken
