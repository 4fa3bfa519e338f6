from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any, NamedTuple

import pytest

COMMAND = [sys.executable, "-m", "expansion_signals", "demo"]

PRODUCT_SECONDS = 12


class Run(NamedTuple):
    code: int
    triggers: list[dict[str, Any]]
    summary: dict[str, Any]
    seconds_to_first: float


@pytest.fixture(scope="module")
def demo() -> Run:
    began = time.monotonic()
    with subprocess.Popen(
        [*COMMAND, "--seconds", str(PRODUCT_SECONDS), "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        seconds_to_first = time.monotonic() - began
        lines = [first, *process.stdout]
    *triggers, summary = map(json.loads, lines)
    return Run(process.returncode, triggers, summary, seconds_to_first)


def test_the_demo_ends_with_0(demo: Run) -> None:
    assert demo.code == 0


def test_the_first_trigger_comes_within_15_seconds(demo: Run) -> None:
    assert demo.seconds_to_first < 15


def test_limits_and_seats_fire_within_seconds(demo: Run) -> None:
    assert {"limit", "seat"} <= {trigger["data"]["family"] for trigger in demo.triggers}


@pytest.mark.parametrize("kind", ["usage.accelerated", "usage.declined", "usage.run_out_forecast"])
def test_the_days_before_are_judged_within_seconds(demo: Run, kind: str) -> None:
    assert demo.summary["types"].get(kind, 0) > 0


def test_no_trigger_comes_twice(demo: Run) -> None:
    ids = [trigger["id"] for trigger in demo.triggers]
    assert len(ids) == len(set(ids))


def test_each_trigger_says_why(demo: Run) -> None:
    assert all(trigger["data"]["why"] for trigger in demo.triggers)


def test_both_80_and_100_percent_are_reached(demo: Run) -> None:
    crossed = {
        threshold["value"]
        for trigger in demo.triggers
        if trigger["type"] == "expansion.limit.reached.v1"
        for threshold in trigger["data"]["crossed"]
        if threshold["kind"] == "percent"
    }
    assert {"80", "100"} <= crossed


def test_the_books_balance(demo: Run) -> None:
    outcomes = ("counted", "duplicate", "unmatched", "dead_lettered")
    assert demo.summary["received"] == sum(demo.summary[outcome] for outcome in outcomes)


def test_everything_sent_was_received(demo: Run) -> None:
    assert demo.summary["received"] == demo.summary["sent"] > 0


def test_a_products_mistakes_are_part_of_it(demo: Run) -> None:
    assert all(demo.summary[outcome] > 0 for outcome in ("duplicate", "unmatched", "dead_lettered"))


def test_the_summary_counts_the_triggers(demo: Run) -> None:
    assert demo.summary["triggers"] == len(demo.triggers)


@pytest.mark.parametrize("polite", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_sums_up_and_ends_with_130(polite: signal.Signals) -> None:
    with subprocess.Popen([*COMMAND], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(polite)
        summary = process.stdout.read()
    assert (process.returncode, "received " in summary) == (130, True)
