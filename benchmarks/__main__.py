"""`make bench`: every contender in turn, round after round, then the latency of this program under load."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from benchmarks import prefill, report, workload
from benchmarks.contestants import EVENTS, all_contenders
from benchmarks.live import live
from benchmarks.measuring import Run, run, staged
from benchmarks.memory import memory
from benchmarks.ours import Ours
from benchmarks.plots import write_plots
from benchmarks.servers_of_a_run import kafka
from benchmarks.table import table, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.contestants import Contender
    from benchmarks.servers_of_a_run import Kafka
    from benchmarks.stage import Beginning

LIVE_RATE = 5_000
WIDE = 140
console = Console(width=None if sys.stdout.isatty() else WIDE)


def main() -> None:
    """Measure, show, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--out", type=Path, help="where the figures go, as JSON")
    parser.add_argument("--plots", type=Path, help="a folder for plots, as SVG")
    parser.add_argument("--only", default="", help="names of contenders, separated by commas")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    found = measured(asked.runs, [name.strip() for name in asked.only.split(",") if name.strip()])
    console.print(table(found))
    console.print(*words(found), sep="\n", highlight=False)
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    if asked.plots:
        write_plots(found, asked.plots)


def measured(runs: int, only: Sequence[str]) -> dict[str, Any]:
    """Return the figures of everybody, or of those who are named."""
    began = time.monotonic()
    with kafka() as broker:
        _say("a Kafka runs; now the state that this program goes on with")
        beginning = _beginning(broker)
        left_out: dict[str, str] = {}
        taking_part = [each for each in all_contenders(beginning) if not only or each.name in only]
        found = _rounds(broker, taking_part, runs, left_out)
        figures = [report.contender(of_one) for of_one in found.values()]
        alive = _alive(broker, beginning, figures) if report.OURS in found else {}
    return {
        "contenders": figures,
        "ratios": report.ratios(figures),
        **alive,
        "left_out": [{"name": name, "why": why} for name, why in left_out.items()],
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "seconds": round(time.monotonic() - began),
    }


def _beginning(broker: Kafka) -> Beginning:
    with staged(broker, workload.backlog(EVENTS[report.OURS])) as stage:
        return prefill.made(stage, broker.directory / "saved")


def _rounds(
    broker: Kafka, taking_part: Sequence[Contender], runs: int, left_out: dict[str, str]
) -> Mapping[str, Sequence[Run]]:
    """Return the runs of each, one of everybody after the other, so that a slow phase of the machine hits all."""
    found: dict[str, list[Run]] = defaultdict(list)
    for each in taking_part:
        if why := each.absent():
            _say(f"{each.name} is left out: {why}")
            left_out[each.name] = why
    for turn in range(runs):
        # Another one begins each round: whoever comes first finds a broker that has just done something else.
        first = turn % max(1, len(taking_part))
        for each in [*taking_part[first:], *taking_part[:first]]:
            if each.name in left_out:
                continue
            try:
                ended = run(broker, each)
            except (RuntimeError, TimeoutError) as failed:
                _say(f"{each.name} failed: {failed}")
                left_out[each.name] = f"failed: {failed}"
                continue
            found[each.name].append(ended)
            verdict = "right" if not ended.judgement.wrong else f"WRONG: {ended.judgement}"
            _say(
                f"round {turn + 1}: {each.name}: {ended.worker_us:.1f} + {ended.redis_us:.1f} µs an event, "
                f"{ended.events_per_second:,.0f} events/s, {verdict}"
            )
    return found


def _alive(broker: Kafka, beginning: Beginning, figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return latency at half of full load and at a fixed rate, and what the state holds in the end."""
    full = next(each["events_per_second"] for each in figures if each["name"] == report.OURS)
    ours = Ours(report.OURS, EVENTS[report.OURS], beginning)
    now = datetime.now(UTC)
    load = workload.workload(ours.events, now, now + timedelta(minutes=1))
    found: dict[str, Any] = {}
    for name, rate in (("latency", full / 2), ("live", LIVE_RATE)):
        _say(f"{name}: {rate:,.0f} events/s for some seconds")
        with staged(broker, load, beginning) as stage:
            found[name] = report.of_live(live(ours, stage, rate))
            found["memory"] = memory(stage)
    return found


def _say(what: str) -> None:
    console.print(f"[dim]{datetime.now(UTC):%H:%M:%S}[/dim] {what}", highlight=False)


if __name__ == "__main__":
    main()
