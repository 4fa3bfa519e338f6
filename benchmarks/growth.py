"""`make bench-long`: how what this program computes for an event grows: with accounts, rules, partitions, workers.

Each part is a run as in `make bench`, on a real Kafka and Redis, with one thing changed. The last one is a backlog of
some millions of events, as it waits after an outage. A part that fails is reported, and the rest goes on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks import prefill, workload
from benchmarks.measuring import staged, worked_off
from benchmarks.ours import Ours
from benchmarks.rule_sets import with_rules
from benchmarks.servers_of_a_run import Kafka, kafka
from benchmarks.stage import USUAL, Beginning, Setting
from benchmarks.team import Team
from benchmarks.workload import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVENTS, BACKLOG = 400_000, 5_000_000
MANY, MILLION = (1_000, 10_000, 100_000), 1_000_000
RULES, PARTITIONS, WORKERS = (10, 200), (1, 4, 16), (1, 2)
HOT = 0.9
FIGURES = {
    "worker µs": "worker_us_per_event",
    "Redis µs": "redis_us_per_event",
    "events/s": "events_per_second",
    "peak MB": "peak_rss_mb",
}
console = Console(width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True)
class Part:
    """One run: what `grows` is of this size, all else is as in `make bench`. With 0 `rules` they are the sample's."""

    grows: str
    size: float
    events: int
    shape: Shape = workload.USUAL
    rules: int = 0
    partitions: int = USUAL.partitions
    workers: int = 1

    @property
    def begins_with(self) -> tuple[int, Shape, int]:
        """What its state hangs on: parts that agree in this begin with the same."""
        return self.events, self.shape, self.rules


def all_parts(events: int, backlog: int, *, million: bool) -> Sequence[Part]:
    """Return all parts; those that begin with the same state stand together."""
    accounts = [*MANY, MILLION] if million else MANY
    return [
        *(Part("partitions", count, events, partitions=count) for count in PARTITIONS),
        *(Part("workers", count, events, workers=count) for count in WORKERS),
        *(Part("accounts", count, events, Shape(count)) for count in accounts),
        *(Part("rules", count, events, rules=count) for count in RULES),
        Part("hot account", HOT, events, Shape(hot=HOT)),
        Part("backlog", backlog, backlog),
    ]


class Growth:
    """Runs parts, and keeps the state that the last one began with for the next."""

    def __init__(self, broker: Kafka) -> None:
        self._broker = broker
        self._begins_with: tuple[int, Shape, int] | None = None
        self._beginning: Beginning | None = None

    def figures(self, part: Part) -> dict[str, Any]:
        """Return what a part came to, or why it failed."""
        began = time.monotonic()
        named = {"grows": part.grows, "size": part.size, "events": part.events, "accounts": part.shape.accounts}
        try:
            found = self._run(part)
        except Exception as failed:  # noqa: BLE001 -- whatever it is, the other parts go on
            found = {"failed": f"{type(failed).__name__}: {failed}"}
        return named | found | {"seconds_in_all": round(time.monotonic() - began)}

    def _run(self, part: Part) -> dict[str, Any]:
        setting = self._setting(part)
        beginning = self._begun(part, setting)
        name = f"{part.grows} {part.size:,}"
        one = Ours(name, part.events, beginning)
        contender = one if part.workers == 1 else Team(name, part.events, beginning, part.workers)
        load = workload.backlog(part.events, shape=part.shape)
        ended = worked_off(self._broker, contender, load, setting)
        return {
            "worker_us_per_event": round(ended.worker_us, 1),
            "redis_us_per_event": round(ended.redis_us, 1),
            "events_per_second": round(ended.events_per_second),
            "peak_rss_mb": round(ended.peak_mb, 1),
            "machine_busy": round(ended.machine_busy, 2),
            "seconds": round(ended.seconds, 1),
            "right": not ended.judgement.wrong,
            "judgement": vars(ended.judgement),
        }

    def _begun(self, part: Part, setting: Setting) -> Beginning:
        """Return the state that a part begins with; of an earlier one nothing is kept."""
        if self._beginning is None or self._begins_with != part.begins_with:
            self._forget()
            load = workload.backlog(part.events, shape=part.shape)
            usual = Setting(configuration=setting.configuration)
            with staged(self._broker, load, setting=usual) as stage:
                made = prefill.made(stage, self._broker.directory / f"saved-{uuid.uuid4().hex[:8]}")
            self._beginning, self._begins_with = made, part.begins_with
        return self._beginning

    def _forget(self) -> None:
        if self._beginning is not None:
            shutil.rmtree(self._beginning.saved, ignore_errors=True)
            self._beginning = None

    def _setting(self, part: Part) -> Setting:
        if not part.rules:
            return Setting(part.partitions)
        return Setting(part.partitions, with_rules(self._broker.directory / f"rules-{part.rules}", part.rules))


def measured(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return the figures of each part."""
    found = []
    with kafka() as broker:
        growth = Growth(broker)
        for number, part in enumerate(parts, 1):
            _say(f"{number} of {len(parts)}: {part.grows} {part.size:,}")
            figures = growth.figures(part)
            found.append(figures)
            _say("  " + (figures.get("failed") or _in_words(figures)))
    return found


def table(found: Sequence[Mapping[str, Any]]) -> Table:
    """Return a row for each part."""
    shown = Table(title="CPU time of an event, as it grows", title_justify="left")
    shown.add_column("what grows")
    for column in ("to", *FIGURES, ""):
        shown.add_column(column, justify="right")
    for each in found:
        figures = [f"{each[figure]:,}" if figure in each else "" for figure in FIGURES.values()]
        verdict = "FAILED" if "failed" in each else "right" if each["right"] else "WRONG"
        shown.add_row(each["grows"], f"{each['size']:,}", *figures, verdict)
    return shown


def _in_words(figures: Mapping[str, Any]) -> str:
    said = ", ".join(f"{figures[figure]:,} {column}" for column, figure in FIGURES.items())
    return f"{said}, {'right' if figures['right'] else 'WRONG'}, {figures['seconds_in_all']} s in all"


def _say(what: str) -> None:
    console.print(f"[dim]{datetime.now(UTC):%H:%M:%S}[/dim] {what}", highlight=False)


def main() -> None:
    """Measure, show, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--out", type=Path, help="where the figures go, as JSON")
    parser.add_argument("--only", default="", help="what grows, separated by commas: accounts,rules")
    parser.add_argument("--events", type=int, default=EVENTS, help="of each part but the backlog")
    parser.add_argument("--backlog", type=int, default=BACKLOG, help="events of the backlog")
    parser.add_argument("--million", action="store_true", help=f"{MILLION:,} accounts as well")
    asked = parser.parse_args()
    only = [name.strip() for name in asked.only.split(",") if name.strip()]
    parts = all_parts(asked.events, asked.backlog, million=asked.million)
    found = measured([part for part in parts if not only or part.grows in only])
    console.print(table(found))
    if asked.out:
        asked.out.write_text(json.dumps({"parts": found}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
