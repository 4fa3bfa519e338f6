"""What an account has used lately, as a person reads it: day by day, and within windows that end today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from expansion_signals.cli.account_words import day, measured, shown
from expansion_signals.model.windows import total_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expansion_signals.cli.account_overview import CounterOverview, Overview
    from expansion_signals.model.catalog import Meter

_BLOCKS = "▁▂▃▄▅▆▇█"
_NO_USE = "·"
_TOTALS = {"sum": "used", "count": "used", "max": "highest", "latest": "last"}


def used_lately(each: CounterOverview, overview: Overview) -> Iterator[Text]:
    """Yield a line for the days shown, one for windows, and one for active members; those that there are."""
    yield from _days(each.meter, overview)
    yield from _within(each.meter, overview)
    yield from _active(each)


def _days(meter: Meter, overview: Overview) -> Iterator[Text]:
    sums = overview.day_sums(meter)
    if not any(sums):
        return
    highest = max(sums)
    days = {day: total for (key, day), total in overview.standing.days.items() if key == meter.key}
    total = total_of(meter.aggregation, days, overview.shown_days) or 0
    most = f", most {shown(highest, meter)} on {day(overview.shown_days[sums.index(highest)])}" if highest > 0 else ""
    yield Text.assemble(
        ("  " + sparkline(sums), "cyan"),
        (f"  last {len(sums)} days: {measured(total, meter)}{most}", "dim"),
    )


def _within(meter: Meter, overview: Overview) -> Iterator[Text]:
    """Return for example `used within 7 days: 120 calls, within 30 days: 850 calls`."""
    told = [f"within {each.width} {each.unit}: {measured(each.total or 0, meter)}" for each in overview.within(meter)]
    if told:
        yield Text(f"  {_TOTALS[meter.aggregation]} " + ", ".join(told), style="dim")


def _active(each: CounterOverview) -> Iterator[Text]:
    """Return for example `active within 7 days: 12, within 30 days: 48`."""
    if each.active:
        told = [
            f"within {days} days: {'about ' if seen.estimated else ''}{seen.members:,}"
            for days, seen in each.active.items()
        ]
        yield Text("  active " + ", ".join(told), style="dim")


def sparkline(sums: Sequence[int]) -> str:
    """Return one letter a day, as high as its sum is against the highest; a dot where nothing was used."""
    highest = max(sums, default=0)
    return "".join(_NO_USE if each <= 0 else _BLOCKS[(each * len(_BLOCKS) - 1) // highest] for each in sums)
