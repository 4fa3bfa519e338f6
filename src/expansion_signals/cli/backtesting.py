"""Recorded events played through a rehearsal: as lines for scripts, or counted for a report."""

from __future__ import annotations

import json
import sys
from collections import Counter as Tally
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from expansion_signals.testing.rehearsal import SIGNALS, Rehearsal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.rules.configuration import Configuration

DECISIONS = "expansion-decisions"


@dataclass(slots=True)
class Played:
    """What came of a play: records by outcome, and of each rule its decisions by what was decided."""

    records: Tally[str] = field(default_factory=Tally)
    decisions: dict[str, Tally[str]] = field(default_factory=dict)
    accounts: dict[str, set[str]] = field(default_factory=dict)
    signals: Tally[str] = field(default_factory=Tally)

    def take(self, topic: str, event: Mapping[str, Any]) -> None:
        """Count one event that would have been published."""
        if topic == SIGNALS:
            self.signals[event["type"].removeprefix("expansion.signal.").removesuffix(".v1")] += 1
        elif topic == DECISIONS:
            rule = (event["data"]["rule"] or {"id": "-"})["id"]
            decided = event["data"]["decision"]
            said = decided if event["data"]["reason"] is None else f"{decided}: {event['data']['reason']}"
            self.decisions.setdefault(rule, Tally())[said] += 1
            self.accounts.setdefault(rule, set()).add(event["subject"])


async def printed(configuration: Configuration, file: Path, until: Instant | None) -> None:
    """Write a line for each event that would have been published, as it would have been."""
    async for record in _published(Rehearsal(configuration), file, until):
        sys.stdout.write(json.dumps(_line(record), ensure_ascii=False, separators=(",", ":")) + "\n")


async def played(configuration: Configuration, file: Path, until: Instant | None) -> Played:
    """Play the file, and count what came of it."""
    rehearsal, counted = Rehearsal(configuration), Played()
    async for record in _published(rehearsal, file, until):
        line = _line(record)
        if isinstance(line["event"], dict):
            counted.take(line["topic"], line["event"])
    for topic, outcomes in (await rehearsal.tallies()).items():
        if topic != SIGNALS:
            counted.records.update(outcomes)
    return counted


async def _published(rehearsal: Rehearsal, file: Path, until: Instant | None) -> AsyncIterator[Outgoing]:
    with _reading(file) as lines:
        for line in lines:
            for record in await rehearsal.play(line, until):
                yield record
    if until is not None:
        for record in await rehearsal.pass_to(until):
            yield record


class _reading:  # noqa: N801 -- a context, as `open` is
    """The lines of a file, empty ones left out, with a progress bar on a terminal."""

    def __init__(self, file: Path) -> None:
        console = Console(stderr=True)
        self._progress = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._file = file

    def __enter__(self) -> Iterator[bytes]:
        self._progress.start()
        self._lines = self._progress.open(self._file, "rb", description="playing")
        return (line.strip() for line in self._lines if line.strip())

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._progress.stop()


def _line(record: Outgoing) -> dict[str, Any]:
    """Return the record as a line: a dead letter with what its headers say, its bytes as they are if no JSON."""
    value = (record.value or b"").decode("utf-8", "replace")
    try:
        event: Any = json.loads(value)
    except ValueError:
        event = value
    line: dict[str, Any] = {"topic": record.topic, "event": event}
    headers = {name: (told or b"").decode("utf-8", "replace") for name, told in record.headers}
    dlq = {name: told for name, told in headers.items() if name.startswith("dlq_")}
    return {**line, "headers": dlq} if dlq else line


def reported(tried: Played, before: Played | None) -> None:
    """Say on the terminal what each rule came to, and what is another than under the rules in force."""
    console = Console()
    records = ", ".join(f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in tried.records.items() if count)
    console.print(f"{tried.records.total():,} records: {records or 'none'}")
    table = Table("rule", "accounts", "decided", *(["in force"] if before else []), box=None, header_style="bold")
    rules = sorted(tried.decisions.keys() | (before.decisions.keys() if before else set()))
    for rule in rules:
        row = [rule, f"{len(tried.accounts.get(rule, ())):,}", _counts(tried.decisions.get(rule))]
        table.add_row(*row, *([_counts(before.decisions.get(rule))] if before else []))
    if rules:
        console.print(table)
    others = ", ".join(f"{count:,} {kind}" for kind, count in sorted(tried.signals.items()))
    console.print(f"signals: {others or 'none'}")


def _counts(decisions: Tally[str] | None) -> str:
    return ", ".join(f"{count:,} {said}" for said, count in (decisions or Tally()).most_common()) or "nothing"
