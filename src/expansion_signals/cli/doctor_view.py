"""An examination as people and scripts see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from expansion_signals.checks.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from expansion_signals.checks.findings import Finding

    Found = Mapping[str, Sequence[Finding]]

_SIGNS = {Severity.OK: ("✓", "green"), Severity.WARNING: ("!", "yellow"), Severity.ERROR: ("✗", "bold red")}


def document_of(found: Found) -> dict[str, object]:
    """Return the JSON of an examination."""
    return {
        "healthy": is_healthy(found),
        "errors": _counted(found, Severity.ERROR),
        "warnings": _counted(found, Severity.WARNING),
        "findings": [
            {
                "about": about,
                "severity": finding.severity.value,
                "where": finding.where,
                "what": finding.what,
                "do": finding.do or None,
                "stops_worker": finding.stops,
            }
            for about, findings in found.items()
            for finding in findings
        ],
    }


def is_healthy(found: Found) -> bool:
    """Say whether there is no error; warnings are allowed."""
    return not _counted(found, Severity.ERROR)


def lines_of(found: Found) -> Iterator[RenderableType]:
    """Yield an examination: what is well in one line each, what is not with what to do."""
    for about, findings in found.items():
        if not findings:
            continue
        yield Text(about, style="bold")
        yield Padding(_table(findings), (0, 0, 1, 2))
    yield _conclusion(found)


def _table(findings: Sequence[Finding]) -> Table:
    table = Table.grid(padding=(0, 1))
    for finding in findings:
        sign, style = _SIGNS[finding.severity]
        # Names come from servers and files: they are text, never markup.
        well = finding.severity is Severity.OK
        told = Text(finding.what, style="default" if well else style)
        table.add_row(Text(sign, style=style), told.append(f"  {finding.where}", style="dim") if well else told)
        if not well:
            table.add_row("", Text(finding.where, style="dim"))
        if finding.do:
            table.add_row("", Text(f"→ {finding.do}", style="cyan"))
    return table


def _conclusion(found: Found) -> Text:
    errors, warnings = _counted(found, Severity.ERROR), _counted(found, Severity.WARNING)
    if errors:
        stops = any(finding.stops for findings in found.values() for finding in findings)
        told = Text(_number(errors, "error"), style="bold red")
        told.append(f", {_number(warnings, 'warning')}", style="yellow" if warnings else "dim")
        return told.append("; a worker refuses to start" if stops else "", style="bold red")
    if warnings:
        return Text(f"no errors, {_number(warnings, 'warning')}", style="yellow")
    return Text("nothing is wrong", style="green")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _counted(found: Found, severity: Severity) -> int:
    return sum(finding.severity is severity for findings in found.values() for finding in findings)
