"""The report for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from benchmarks.report import OURS, cpu

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLUMNS = ("worker µs", "state µs", "both", "spread", "times ours", "broker µs", "events/s", "MB", "triggers", "")


def table(report: Mapping[str, Any]) -> Table:
    """Return a row for each contender, the least work first."""
    found = sorted(report["contenders"], key=cpu)
    ours = next((cpu(figures) for figures in found if figures["name"] == OURS), None)
    shown = Table(title="CPU time of an event: medians", title_justify="left")
    shown.add_column("contender")
    for column in _COLUMNS:
        shown.add_column(column, justify="right")
    for figures in found:
        low, high = figures["spread"]["worker_us_per_event"]
        shown.add_row(
            figures["name"],
            f"{figures['worker_us_per_event']:.1f}",
            f"{figures['redis_us_per_event']:.1f}",
            f"{cpu(figures):.1f}",
            f"{low:.0f} to {high:.0f}",
            f"{cpu(figures) / ours:.2f}" if ours else "",
            f"{figures['broker_us_per_event']:.1f}",
            f"{figures['events_per_second']:,.0f}",
            f"{figures['rss_mb']:.0f}",
            f"{figures['triggers_got']} of {figures['triggers_expected']}",
            "right" if figures["right"] else "WRONG",
        )
    return shown


def words(report: Mapping[str, Any]) -> list[str]:
    """Return what stands below the table."""
    lines = [f"left out: {each['name']}: {each['why']}" for each in report["left_out"]]
    for title, key in (("latency at half of full load", "latency"), ("live", "live")):
        if found := report.get(key):
            lines.append(
                f"{title}: {found['offered']:,} events/s offered; "
                f"p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms, p99.9 {found['p999_ms']} ms; "
                f"worker {found['worker_us_per_event']} and Redis {found['redis_us_per_event']} µs an event; "
                f"{found['triggers_got']} of {found['triggers_expected']} triggers; "
                f"the machine was {found['machine_busy']:.0%} busy"
            )
    if found := report.get("memory"):
        lines.append(
            f"memory: {found['bytes_per_account']:,} bytes an account, "
            f"{found['bytes_per_account_members']:,} more for its active users, "
            f"{found['bytes_per_identity']} bytes an identity"
        )
    return lines
