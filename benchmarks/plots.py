"""Plots as SVG, written by hand: bars that lie, with their numbers beside them; readable on light and on dark."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.report import OURS, cpu

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

WIDTH, NAMES, NUMBERS = 760, 190, 120
ROW, BAR, TOP = 30, 18, 64
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #6e7781 }
  .first { fill: #8c959f } .second { fill: #d0d7de }
  .ours .first { fill: #0969da } .ours .second { fill: #80b8f5 }
  .ours text { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #8d96a0 }
    .first { fill: #7d8590 } .second { fill: #484f58 }
    .ours .first { fill: #58a6ff } .ours .second { fill: #1f6feb }
  }
"""


class Bar(NamedTuple):
    """A row: its name, its parts, and what is written behind them."""

    name: str
    parts: Sequence[float]
    number: str
    is_ours: bool = False


def write_plots(report: Mapping[str, Any], folder: Path) -> None:
    """Write all plots that the figures allow."""
    folder.mkdir(parents=True, exist_ok=True)
    contenders = sorted(report["contenders"], key=cpu)
    bars = [
        Bar(
            each["name"],
            (each["worker_us_per_event"], each["redis_us_per_event"]),
            f"{cpu(each):.0f} µs" + ("" if each["right"] else ", wrong"),
            each["name"].startswith(OURS),
        )
        for each in contenders
    ]
    below = "worker (dark) and Redis (light); a store inside the worker is in its time"
    (folder / "cpu.svg").write_text(chart("CPU time of an event", below, bars))
    if found := report.get("latency"):
        (folder / "latency.svg").write_text(
            chart(
                "From event to trigger",
                f"at {found['offered']:,} events/s; p50 {found['p50_ms']:.0f} ms, p99 {found['p99_ms']:.0f} ms",
                _buckets(found["histogram"]),
            )
        )


def chart(title: str, below: str, bars: Sequence[Bar]) -> str:
    """Return a bar chart."""
    longest = max((sum(bar.parts) for bar in bars), default=1) or 1
    scale = (WIDTH - NAMES - NUMBERS) / longest
    height = TOP + ROW * len(bars) + 12
    rows = "\n".join(_row(bar, TOP + ROW * place, scale) for place, bar in enumerate(bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">\n<style>{STYLE}</style>\n'
        f'<text class="title" x="12" y="24">{escape(title)}</text>\n'
        f'<text class="quiet" x="12" y="44">{escape(below)}</text>\n{rows}\n</svg>\n'
    )


def _row(bar: Bar, top: int, scale: float) -> str:
    text = top + BAR - 5
    pieces = [f'<text x="{NAMES - 10}" y="{text}" text-anchor="end">{escape(bar.name)}</text>']
    left = float(NAMES)
    for kind, part in zip(("first", "second"), bar.parts, strict=False):
        pieces.append(
            f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{part * scale:.1f}" height="{BAR}" rx="2"/>'
        )
        left += part * scale
    pieces.append(f'<text x="{left + 8:.1f}" y="{text}">{escape(bar.number)}</text>')
    return f'<g class="{"ours" if bar.is_ours else "other"}">{"".join(pieces)}</g>'


def _buckets(histogram: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Return a row for each bucket, without the empty ones at both ends."""
    filled = [place for place, bucket in enumerate(histogram) if bucket["count"]]
    if not filled:
        return []
    kept = histogram[filled[0] : filled[-1] + 1]
    return [
        Bar(
            f"up to {each['to_ms']:,} ms" if each["to_ms"] else "longer",
            (each["count"],),
            str(each["count"]),
            is_ours=True,
        )
        for each in kept
    ]
