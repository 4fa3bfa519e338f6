"""The plots of a backtest's page: SVG that stands in the page, its colours those of the page's style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.cli.account_words import day as day_text
from expansion_signals.model.instants import parse_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WIDTH, _HEIGHT, _LEFT, _BELOW, _ABOVE = 860, 200, 44, 22, 8
_TICKS = 4
_DAYS_NAMED = 8
_ROUND = (1, 2, 5)


def by_day(days: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the columns of all days: what fired, on it what did not; as a line what fires under the rules in force."""
    numbers = [parse_day(each["day"]) for each in (*days, *(before or ()))]
    first, last = min(numbers), max(numbers)
    counts = {parse_day(each["day"]): (each["fired"], each["silent"]) for each in days}
    were = {parse_day(each["day"]): each["fired"] for each in before or ()}
    highest = max([fired + silent for fired, silent in counts.values()] + [*were.values()])
    step = _step(highest)
    top = step * max(1, -(-highest // step))
    plot = _Plot(first, last - first + 1, top)
    parts = [*_grid(plot, step), *_columns(plot, counts), *_names(plot)]
    if before is not None:
        parts.append(_line(plot, were))
    label = "Triggers, and decisions not to fire, by day"
    return f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def course(days: Sequence[Mapping[str, Any]], numbers: Mapping[str, int]) -> str:
    """Return the triggers of a rule day by day; `numbers` has the place of every day."""
    width = max(numbers.values(), default=0) + 1
    highest = max((each["fired"] for each in days), default=0)
    columns = [
        f'<rect class="fired" x="{numbers[each["day"]]}" y="{26 - height:.1f}" width="0.8" height="{height:.1f}"/>'
        for each in days
        if each["fired"]
        for height in [2 + 24 * each["fired"] / highest]
    ]
    box = f'viewBox="0 0 {width} 26" preserveAspectRatio="none"'
    return f'<svg class="course" {box} aria-hidden="true">{"".join(columns)}</svg>'


def part(count: int, most: int) -> str:
    """Return a bar: as long as the count is large, the whole width for `most`."""
    return (
        '<svg class="part" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="1000" height="8"/>'
        f'<rect class="fired" width="{count * 1000 // max(most, 1)}" height="8"/></svg>'
    )


class _Plot:
    """Where days and counts stand."""

    def __init__(self, first: int, days: int, top: int) -> None:
        self.first = first
        self.days = days
        self.top = top
        self.column = (_WIDTH - _LEFT) / days

    def x(self, day: int) -> float:
        """Return where the column of a day begins."""
        return _LEFT + (day - self.first) * self.column

    def y(self, count: int) -> float:
        """Return the height of a count."""
        return _ABOVE + (_HEIGHT - _ABOVE - _BELOW) * (1 - count / self.top)


def _grid(plot: _Plot, step: int) -> Iterator[str]:
    for count in range(0, plot.top + 1, step):
        y = plot.y(count)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{count:,}</text>'


def _columns(plot: _Plot, counts: Mapping[int, tuple[int, int]]) -> Iterator[str]:
    width = max(plot.column * 0.78, 0.5)
    for day, (fired, silent) in counts.items():
        x = plot.x(day) + plot.column * 0.11
        for name, low, high in (("fired", 0, fired), ("silent", fired, fired + silent)):
            if high > low:
                y, height = plot.y(high), plot.y(low) - plot.y(high)
                yield f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _names(plot: _Plot) -> Iterator[str]:
    for day in range(plot.first, plot.first + plot.days, -(-plot.days // _DAYS_NAMED)):
        x = plot.x(day) + plot.column / 2
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{day_text(day)}</text>'


def _line(plot: _Plot, counts: Mapping[int, int]) -> str:
    """Return the steps of the rules in force, over the columns."""
    steps = []
    for day in range(plot.first, plot.first + plot.days):
        y = plot.y(counts.get(day, 0))
        steps += [f"{plot.x(day):.1f},{y:.1f}", f"{plot.x(day) + plot.column:.1f},{y:.1f}"]
    return f'<polyline class="before" points="{" ".join(steps)}"/>'


def _step(highest: int) -> int:
    """Return the smallest round number of which as many as there are ticks reach the highest."""
    power = 1
    while True:
        for each in _ROUND:
            if each * power * _TICKS >= highest:
                return each * power
        power *= 10
