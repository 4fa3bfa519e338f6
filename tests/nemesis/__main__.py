"""`make faults`: thousands of simulated faults, then a campaign on brokers, a Redis and workers of its own.

Exit code 1 where harm was done.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from nemesis.campaign import WHOLE_MINUTES, campaign, planned
from nemesis.ground import ground
from nemesis.simulation import FAULTS, simulated

if TYPE_CHECKING:
    from nemesis.campaign import Report

RATE = 400
"""Events a second: what three brokers, a Redis and three workers on two cores bear beside their faults."""


def main() -> None:
    """Run, show, write."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=WHOLE_MINUTES, help="how long faults happen")
    parser.add_argument("--seed", type=int, default=None, help="the schedule of an earlier campaign")
    parser.add_argument(
        "--store", choices=("redis", "cluster"), default="redis", help="with a replica, or of three nodes"
    )
    parser.add_argument("--out", type=Path, help="where the figures go, as JSON")
    parser.add_argument("--keep", type=Path, help="where logs and data stay; else they go with the campaign")
    asked = parser.parse_args()
    seed = random.randrange(1 << 32) if asked.seed is None else asked.seed  # noqa: S311 -- a schedule, not a secret
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(f"seed {seed}; {FAULTS:,} simulated faults first")
    logging.disable()  # simulated workers say what real ones do
    in_simulation = simulated(FAULTS, seed=seed)
    logging.disable(logging.NOTSET)
    console.print(in_simulation.figures())
    cluster = asked.store == "cluster"
    console.print(f"starting three brokers, a Redis {'Cluster' if cluster else 'with a replica'}, and three workers")
    with tempfile.TemporaryDirectory(prefix="expansion-signals-faults-") as name:
        directory = asked.keep or Path(name)
        directory.mkdir(parents=True, exist_ok=True)
        with ground(directory, cluster=cluster) as laid_out:
            began = time.monotonic()
            plan = planned(asked.minutes, cluster=cluster)
            report = campaign(laid_out, plan, seconds=60 * asked.minutes, seed=seed, rate=RATE, tell=console.print)
            console.print(f"{time.monotonic() - began:.0f} s in all")
    figures = {"simulated": in_simulation.figures()} | report.figures()
    console.print(table(report))
    for harm, size in figures["harm"].items():
        console.print(f"  {harm.replace('_', ' ')}: {size}", style="red" if size else "green")
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=2) + "\n")
    for histories in in_simulation.broken.values():
        for history in histories:
            console.print(history, style="red", markup=False)
    if not report.verdict.is_clean:
        console.print(report.verdict, style="red")
    if not (in_simulation.is_clean and report.verdict.is_clean):
        sys.exit(1)


def table(report: Report) -> Table:
    """Return a row for each fault."""
    shown = Table(title=f"{report.events:,} events, seed {report.seed}", title_justify="left")
    for column in ("fault", "times", "median s", "most s"):
        shown.add_column(column, justify="left" if column == "fault" else "right")
    for kind in ("faults", "connections"):
        for name, of in report.figures()[kind].items():
            shown.add_row(
                name.replace("_", " "), str(of["times"]), f"{of['median_seconds']:.1f}", f"{of['most_seconds']:.1f}"
            )
        shown.add_section()
    return shown


if __name__ == "__main__":
    main()
