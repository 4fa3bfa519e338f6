"""Parked triggers as a person reads them; whatever strangers sent is escaped."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from expansion_signals.cli.readable_bytes import one_line, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from expansion_signals.sdk.parked_triggers import ParkedTrigger

_LONGEST_CELL = 60


def lines_of_all(found: Sequence[ParkedTrigger], limit: int, *, chosen: bool) -> Iterator[RenderableType]:
    """Yield the last of them as a table, and how many there are by group; `chosen`: not all were asked for."""
    if not found:
        yield "no trigger is parked" + (" as asked for" if chosen else "")
        return
    yield _table(found[-limit:])
    groups = Counter(one_line(each.group) for each in found)
    told = ", ".join(f"{count:,} by {group}" for group, count in groups.most_common())
    yield f"{len(found):,} parked trigger{'' if len(found) == 1 else 's'}: {told}"
    if limit < len(found):
        yield f"the last {limit:,} are shown; --limit shows more, --json all"


def lines_of(trigger: ParkedTrigger) -> Iterator[RenderableType]:
    """Yield all of one: why it was given up, when, and the event in lines."""
    yield Text(one_line(trigger.reason), style="bold red")
    attempts = f"{trigger.attempts:,} attempt{'' if trigger.attempts == 1 else 's'}"
    yield Text(
        f"parked by {one_line(trigger.group)} after {attempts}, "
        f"from {_shown(trigger.first_failed)} to {_shown(trigger.parked)} UTC; it expires {_shown(trigger.expires)}"
    )
    yield Text(f"{one_line(trigger.type)} of account {one_line(trigger.account)}, on {one_line(trigger.topic)}")
    yield Text(readable(trigger.value))


def _table(triggers: Sequence[ParkedTrigger]) -> Table:
    """Return triggers as a table, each with its type and reason in a second row."""
    table = Table(box=None, pad_edge=False)
    for heading in ("parked (UTC)", "group", "account"):
        table.add_column(heading, overflow="fold")
    table.add_column("id", no_wrap=True)  # to be copied
    for each in triggers:
        again = f" ({each.attempts:,} attempts)" if each.attempts > 1 else ""
        table.add_row(_shown(each.parked), *map(_cell, (each.group, each.account, each.id)))
        table.add_row("", "", "", _cell(f"{each.type}: {each.reason}{again}", style="dim"))
    return table


def _cell(text: str, style: str = "") -> Text:
    line = one_line(text)
    return Text(line if len(line) <= _LONGEST_CELL else f"{line[: _LONGEST_CELL - 1]}…", style=style)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
