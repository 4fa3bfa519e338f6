"""The tables of docs/performance.md and docs/capacity.md, from the last complete run: `make bench-pages`.

A test holds the pages to `benchmarks/figures.json`, so that no page tells of another run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.capacity import FIGURES, Need, needed, spread
from benchmarks.report import OURS, cpu

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DOCS = Path(__file__).parents[1] / "docs"
BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->\n"

TARGETS: Mapping[str, float] = {"faust": 18, "quixstreams": 3, "kafka_streams": 2, "aiokafka": 4}
NEEDS = (
    Need(500, 2_000, 3, 24, 64),
    Need(5_000, 50_000, 3, 24, 64),
    Need(50_000, 1_000_000, 3, 24, 64),
    Need(1_000_000, 100_000_000, 3, 24, 1_024),
    Need(1_000_000, 100_000_000, 3, 1, 1_024),
)


def performance(figures: Mapping[str, Any]) -> str:
    """Return the tables of a run in Markdown."""
    ours = next(each for each in figures["contenders"] if each["name"] == OURS)
    memory = figures["memory"]
    contenders = [
        [
            each["name"],
            f"{each['worker_us_per_event']:.1f}",
            f"{each['redis_us_per_event']:.1f}",
            f"{each['events_per_second']:,.0f}",
            f"{each['rss_mb']:,.0f}",
            f"{each['triggers_got']:,} of {each['triggers_expected']:,}" + ("" if each["right"] else " **wrong**"),
            "" if each["name"].startswith(OURS) else f"{figures['ratios'].get(each['name']) or 0:.1f}",
        ]
        for each in figures["contenders"]
    ]
    targets = [
        ["worker CPU an event", "≤ 15 µs", f"{ours['worker_us_per_event']:.1f} µs"],
        ["Redis CPU an event", "≤ 8 µs", f"{ours['redis_us_per_event']:.1f} µs"],
        *([f"against {name}", f"at least {least:g} times", _ratio(figures, name)] for name, least in TARGETS.items()),
        ["at 5,000 events/s, worker and Redis", "≤ 40 µs", f"{cpu(figures['live']):.0f} µs"],
        ["at 5,000 events/s, p99", "≤ 100 ms", f"{figures['live']['p99_ms']:,.0f} ms"],
        ["at half of full load, p50", "≤ 25 ms", f"{figures['latency']['p50_ms']:,.0f} ms"],
        ["at half of full load, p99", "≤ 100 ms", f"{figures['latency']['p99_ms']:,.0f} ms"],
        ["an account, 3 meters and 62 days", "≤ 2,048 bytes", f"{memory['bytes_per_account']:,.0f} bytes"],
        ["an identity with its check", "≤ 18 bytes", f"{memory['bytes_per_identity']:.1f} bytes"],
    ]
    return (
        _table(["contender", "worker µs", "Redis µs", "events/s", "MB", "triggers", "times ours"], contenders)
        + "\n"
        + _table(["what", "target", "measured"], targets)
    )


def capacity(figures: Mapping[str, Any]) -> str:
    """Return what deployments of some sizes need, in Markdown."""
    rows = []
    for need in NEEDS:
        found = needed(need, figures)
        memory, busiest = found["redis_gib"], spread(found["partitions"], need.shards, need.accounts)
        rows.append(
            [
                f"{need.events:,.0f}",
                f"{need.accounts:,}",
                f"{need.hours:g} h",
                f"{found['workers']:,} or {found['workers_to_keep_up']:,}",
                f"{found['partitions']:,}",
                f"{found['redis_primaries']:,}",
                f"{memory['accounts']:,.1f} + {memory['identities']:,.1f}",
                f"{busiest['partition']:.1%}",
            ]
        )
    head = [
        "events/s",
        "accounts",
        "identities for",
        "workers",
        "partitions",
        "Redis primaries",
        "GiB",
        "in one partition",
    ]
    return _table(head, rows)


def with_figures(page: str, written: str) -> str:
    """Return a page with this between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{written}\n{END}{after}"


def _ratio(figures: Mapping[str, Any], name: str) -> str:
    found = figures["ratios"].get(name)
    return "left out" if found is None else f"{found:.1f} times"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write both pages."""
    figures = json.loads(FIGURES.read_text())
    for name, written in (("performance.md", performance(figures)), ("capacity.md", capacity(figures))):
        path = DOCS / name
        path.write_text(with_figures(path.read_text(), written))


if __name__ == "__main__":
    main()
