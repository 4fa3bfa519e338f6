"""Playing what was recorded through a rehearsal: as lines for scripts, and counted for a report."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from expansion_signals.cli.played import Played
from expansion_signals.testing.playing import play
from expansion_signals.testing.rehearsal import SIGNALS, Rehearsal
from expansion_signals.wire import dead_letters
from expansion_signals.worker.garbage import look_rarely

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from expansion_signals.cli.recorded import Recorded
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.testing.arrivals import Arrival

_TOLD_EACH = 1_000
"""Arrivals between two looks at the progress bar."""


async def played(  # noqa: PLR0913 -- what is played, and how, by name
    configuration: Configuration,
    *,
    recorded: Recorded,
    until: Instant | None,
    acceptance: Duration,
    doing: str,
    printing: bool = False,
) -> Played:
    """Play what was recorded, and count what came of it; `doing` is what a terminal is told meanwhile.

    Where `printing`, a line goes to stdout for each event that would have been published, as it would have been.
    """
    rehearsal, counted = Rehearsal(configuration, acceptance=acceptance), Played()
    look_rarely()
    with _progress(doing, recorded.total) as passed:
        arrivals = _timed(recorded, until, counted, passed)
        async for number, record in _published(rehearsal, arrivals, until):
            if printing:
                sys.stdout.write(_text(record, number) + "\n")
            counted.take(record, recorded.place(number))
    for topic, outcomes in (await rehearsal.tallies()).items():
        if topic != SIGNALS:
            counted.records.update(outcomes)
    counted.until = rehearsal.now
    return counted


async def _published(
    rehearsal: Rehearsal, arrivals: Iterable[tuple[int, Arrival]], until: Instant | None
) -> AsyncIterator[tuple[int, Outgoing]]:
    last = 0
    async for last, published in play(rehearsal, arrivals):
        for record in published:
            yield last, record
    for record in await rehearsal.pass_to(until) if until is not None else ():
        yield last, record


def _timed(
    recorded: Recorded, until: Instant | None, counted: Played, passed: Callable[[int], None]
) -> Iterator[tuple[int, Arrival]]:
    """Yield what is of a time up to `until`; tell how far it is, and note when it begins."""
    for number, arrival, done in recorded.arrivals():
        if number % _TOLD_EACH == 0:
            passed(done)
        if until is None or arrival.time <= until:
            counted.since = counted.since or arrival.time or None
            yield number, arrival


@contextmanager
def _progress(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how far it is; a script's stderr stays empty."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda done: progress.update(task, completed=done)


def _text(record: Outgoing, number: int) -> str:
    """Return the record as a line; a dead letter with its bytes as they are, what its headers say, and its place."""
    value = (record.value or b"").decode("utf-8", "replace")
    try:
        event: Any = json.loads(value)
    except ValueError:
        event = value
    line: dict[str, Any] = {"topic": record.topic, "event": event}
    if record.topic == dead_letters.TOPIC:
        headers = {name: (told or b"").decode("utf-8", "replace") for name, told in record.headers}
        line |= {"headers": {name: told for name, told in headers.items() if name.startswith("dlq_")}, "line": number}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
