"""An account's story as a person reads it, within 80 columns."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from expansion_signals.cli.account_words import moment
from expansion_signals.cli.outlook import lead_lines, silences, upcoming
from expansion_signals.cli.story import story_of
from expansion_signals.model.instants import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from rich.console import RenderableType

    from expansion_signals.cli.explaining import Explained
    from expansion_signals.cli.story import Episode

_COLOURS: Mapping[str, str] = {
    "fired": "green",
    "held": "magenta",
    "suppressed": "yellow",
    "superseded": "dim",
    "already_past": "dim",
}
_STYLES: Mapping[str, str] = {"outcome": "bold green", "withdrawal": "dim", "change": "bold", "prompt": "cyan"}

_MOST_NEXT = 8


def lines_of(found: Explained) -> Iterator[RenderableType]:
    """Yield the story day by day, then what comes next and what is silent."""
    yield _heading(found)
    episodes = story_of(found.past.happenings, found.zone)
    if not episodes:
        yield Text(f"Nothing was told of it since {moment(found.since, found.zone)}.", style="dim")
    for day, of_day in groupby(episodes, key=lambda each: _day(each, found.zone)):
        yield ""
        yield Text(day, style="bold underline")
        yield _table(list(of_day), found.zone)
    if found.past.unreadable:
        yield Text(f"{found.past.unreadable:,} records of it could not be read", style="yellow")
    yield from _section("What comes next", [*_next(found), *lead_lines(found.remembered, found.overview.configuration)])
    yield from _section("What is silent for now", list(_silent(found)))


def _heading(found: Explained) -> Text:
    standing = found.overview.standing
    if standing.profile is None:
        return Text.assemble((standing.account, "bold"), " is not known: no profile of it is here")
    account = standing.profile.account
    return Text.assemble(
        (standing.account, "bold"), f" on plan {account.plan}, {account.status}; times are those of {account.time_zone}"
    )


def _day(each: Episode, zone: tzinfo) -> str:
    there = datetime.fromtimestamp(each.at // SECOND, zone)
    return f"{there.day} {there:%B %Y}"


def _table(episodes: Sequence[Episode], zone: tzinfo) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for each in episodes:
        at = datetime.fromtimestamp(each.at // SECOND, zone).strftime("%H:%M")
        last = datetime.fromtimestamp((each.last or each.at) // SECOND, zone).strftime("%H:%M")
        often = f" ({each.times:,} times, the last at {last})" if each.times > 1 else ""
        table.add_row(at, Text(each.says + often, style=_STYLES.get(each.kind, "")))
        colour = _COLOURS.get(str(each.about.get("decision")), "dim")
        for line in each.then:
            table.add_row("", Text(f"→ {line}", style=colour))
    return table


def _next(found: Explained) -> Iterator[str]:
    nearest = upcoming(found.overview)
    yield from (each.says for each in nearest[:_MOST_NEXT])
    if len(nearest) > _MOST_NEXT:
        yield f"and {len(nearest) - _MOST_NEXT} further: expansion-signals account show"


def _silent(found: Explained) -> Iterator[str]:
    for each in silences(found.overview, found.remembered, found.mutes, found.zone):
        yield each.says + (f", until {moment(each.until, found.zone)}" if each.until is not None else "")


def _section(title: str, lines: Sequence[str]) -> Iterator[RenderableType]:
    yield ""
    yield Text(title, style="bold underline")
    for line in lines or ("nothing",):
        yield Padding(Text(line), (0, 0, 0, 2))
