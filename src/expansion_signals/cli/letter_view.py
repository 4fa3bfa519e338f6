"""Dead letters as a person reads them; whatever strangers sent is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from expansion_signals.cli.readable_bytes import one_line, readable
from expansion_signals.model.instants import format_instant

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from expansion_signals.cli.dead_letter import Letter

_LONGEST_CELL = 60


def table_of(letters: Sequence[Letter]) -> Table:
    """Return letters as a table, each with its message in a second row."""
    table = Table(box=None, pad_edge=False)
    for heading in ("last failed (UTC)", "record", "code", "account"):
        table.add_column(heading, overflow="fold")
    for letter in letters:
        if letter.cause is None:
            table.add_row("", _here(letter), "no dead letter", _cell(letter.account or ""), style="dim")
            table.add_row("", Text(one_line(letter.unreadable), style="dim"))
            continue
        again = f" ({letter.cause.attempts:,} attempts)" if letter.cause.attempts > 1 else ""
        failed = format_instant(letter.cause.last_failed).partition(".")[0].removesuffix("Z")
        table.add_row(
            failed.replace("T", " "),
            _cell(str(letter.origin)),
            one_line(letter.cause.code) + again,
            _cell(letter.account or ""),
        )
    return table


def told_of(by_code: Counter[str], shown: int, *, chosen: bool) -> Iterator[str]:
    """Yield how many letters there are by code, and how many are shown; `chosen`: not all were asked for."""
    total = by_code.total()
    if not total:
        yield "there is no dead letter" + (" as asked for" if chosen else "")
        return
    codes = ", ".join(f"{count:,} {one_line(code)}" for code, count in by_code.most_common())
    yield f"{total:,} dead letter{'' if total == 1 else 's'}: {codes}"
    if shown < total:
        yield f"the last {shown:,} are shown; --limit shows more, --json all"


def lines_of(letter: Letter) -> Iterator[RenderableType]:
    """Yield all of a letter: the cause, where it stands, headers, and its value in lines."""
    record, cause = letter.record, letter.cause
    if cause is None:
        yield Text(f"no dead letter: {one_line(letter.unreadable)}", style="yellow")
    else:
        yield Text.assemble((one_line(cause.code), "bold red"), ": ", one_line(cause.message))
        attempts = f"{cause.attempts:,} attempt{'' if cause.attempts == 1 else 's'}"
        since = f"from {format_instant(cause.first_failed)} to {format_instant(cause.last_failed)}"
        yield Text(f"record {one_line(str(letter.origin))}; {attempts}, {since}")
    yield Text(f"letter {_here(letter)}; account {one_line(letter.account or 'not told')}")
    yield Text(f"key {'none' if record.key is None else one_line(readable(record.key))}")
    for name, value in record.headers:
        if not name.startswith("dlq_"):
            shown = "null" if value is None else one_line(readable(value))
            yield Text(f"header {one_line(name)}: {shown}")
    if record.value is None:
        yield Text("no value")
        return
    cut = "" if cause is None or cause.truncated is None else f", cut from {cause.truncated:,}"
    yield Text(f"value, {len(record.value):,} bytes{cut}:", style="dim")
    yield Text(readable(record.value))


def _here(letter: Letter) -> str:
    return f"{letter.record.topic}/{letter.record.partition}/{letter.record.offset}"


def _cell(text: str) -> str | Text:
    line = one_line(text)
    return Text(line if len(line) <= _LONGEST_CELL else f"{line[: _LONGEST_CELL - 1]}…")
