"""The report of a backtest as a person reads it in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from expansion_signals.cli.backtest_words import days_between, heading, records_line, totals_line
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

_NONE = "-"
_MOST_REASONS = 3
_MOST_LETTERS = 5
_BARS = " ▁▂▃▄▅▆▇█"
_COLUMNS = 20
"""How wide the course of days is at most; of more days, several share a column."""


def lines_of(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what `document_of` or `came_of` holds."""
    yield Text(heading(document), style="bold")
    yield Text(records_line(document["input"]["records"]))
    yield Text(totals_line(document["totals"]))
    yield from _letters(document["dead_letters"])
    in_force = document.get("in_force")
    if document["rules"]:
        yield ""
        yield _rules(document, in_force)
    if in_force is not None:
        yield from _difference(in_force)
    signals = ", ".join(f"{count:,} {kind}" for kind, count in document["signals"].items())
    if signals:
        yield ""
        yield Text(f"signals: {signals}", style="dim")


def _letters(letters: Mapping[str, Any]) -> Iterator[RenderableType]:
    total = sum(letters["codes"].values())
    if not total:
        return
    yield ""
    yield Text(f"{total:,} {counted('record', one=total == 1)} can never be counted:", style="yellow")
    for each in letters["first"][:_MOST_LETTERS]:
        yield Text(f"  {each['place']}: {each['code']}: {each['message']}", overflow="fold")
    if total > _MOST_LETTERS:
        codes = ", ".join(f"{count:,} {code}" for code, count in letters["codes"].items())
        yield Text(f"  in all: {codes}", style="dim")


def _rules(document: Mapping[str, Any], in_force: Mapping[str, Any] | None) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Rule", style="cyan", no_wrap=True)
    table.add_column("Fired", justify="right")
    if in_force is not None:
        table.add_column("In force", justify="right")
    table.add_column("Accounts", justify="right")
    table.add_column("Day by day", no_wrap=True)
    table.add_column("Not sent", overflow="fold")
    before = {each["rule"]: each for each in in_force["rules"]} if in_force is not None else {}
    numbers = days_between(document["days"])
    for each in _with_gone(document["rules"], before):
        was = [_was(before[each["rule"]], each["fired"])] if each["rule"] in before else []
        name = Text.assemble(each["rule"], (" (shadow)", "dim") if each["shadow"] else "")
        course = _course(each["days"], numbers)
        table.add_row(name, f"{each['fired']:,}", *was, f"{len(each['accounts']):,}", course, _silent(each))
    return table


def _with_gone(
    rules: Sequence[Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Return the rules that were tried, with those of which something came only under the rules in force."""
    there = {each["rule"] for each in rules}
    nothing = {"shadow": False, "fired": 0, "silent": {}, "held": 0, "accounts": [], "days": []}
    gone = [{"rule": rule, **nothing} for rule in before if rule not in there]
    return sorted([*rules, *gone], key=lambda each: str(each["rule"]))


def _was(before: Mapping[str, Any], fired: int) -> Text:
    was, change = before["fired"], fired - before["fired"]
    style = "green" if change > 0 else "red" if change < 0 else "dim"
    return Text.assemble(f"{was:,} ", (f"{change:+,}" if change else "=", style))


def _course(days: Sequence[Mapping[str, Any]], numbers: Mapping[str, int]) -> str:
    """Return the triggers of each day as bars, the highest of the rule the tallest."""
    width = max(numbers.values(), default=0) + 1
    each = -(-width // _COLUMNS)
    columns = [0] * -(-width // each)
    for day in days:
        columns[numbers[day["day"]] // each] += day["fired"]
    highest = max(columns)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // highest)] for count in columns) if highest else ""


def _silent(rule: Mapping[str, Any]) -> str:
    """Return the most frequent reasons, and what waits."""
    reasons = list(rule["silent"].items())
    shown = [f"{count:,} {reason.replace('_', ' ')}" for reason, count in reasons[:_MOST_REASONS]]
    left = sum(count for _, count in reasons[_MOST_REASONS:])
    held = [f"{rule['held']:,} held for a while"] if rule["held"] else []
    return ", ".join([*shown, *([f"{left:,} others"] if left else []), *held]) or _NONE


def _difference(in_force: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield ""
    yield Text(f"Against the rules in force, {in_force['directory']}", style="bold")
    for change in in_force["changes"]:
        yield Text(f"  {change}", style="dim")
    others = [each for each in in_force["rules"] if each["more"] or each["fewer"]]
    if not others:
        yield Text("  the same triggers, each of them")
    for each in others:
        yield from _examples(each["rule"], each["more"], "more", each["examples_more"], "green")
        yield from _examples(each["rule"], each["fewer"], "fewer", each["examples_fewer"], "red")


def _examples(
    rule: str, count: int, how: str, examples: Sequence[Mapping[str, Any]], style: str
) -> Iterator[RenderableType]:
    if not count:
        return
    yield Text.assemble("  ", (rule, "cyan"), " ", (f"{count:,} {how}", style))
    for each in examples:
        time = f"{each['time'][:10]} {each['time'][11:16]}"
        yield Text.assemble("    ", (time, "dim"), f"  {each['account']:<16} {each['why']}", overflow="fold")
    if count > len(examples):
        yield Text(f"    and {count - len(examples):,} others", style="dim")
