"""Where the report of a backtest goes: into a file of the form that its name asks for, and on the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Form = Literal["html", "json"]


def report_form(file: Path) -> Form:
    """Return the form of a report by its file's name, before hours of work are done for it.

    Raises:
        BadParameter: the name ends in neither, or the directory is not there.
    """
    if not file.parent.is_dir():
        raise typer.BadParameter(f"there is no directory {file.parent}", param_hint="--report")
    match file.suffix.lower():
        case ".html":
            return "html"
        case ".json":
            return "json"
        case _:
            raise typer.BadParameter(
                f"expected a name that ends in .html or .json, got {file.name!r}", param_hint="--report"
            )


def written(document: Mapping[str, Any], form: Form, file: Path) -> None:
    """Write the report into a file, and say so on stderr."""
    if form == "html":
        from expansion_signals.cli.backtest_html import page_of  # noqa: PLC0415 -- one of the two is wanted

        text = page_of(document)
    else:
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    file.write_text(text, encoding="utf-8")
    typer.echo(f"the report is in {file}", err=True)


def shown(document: Mapping[str, Any]) -> None:
    """Show the report on the terminal."""
    from expansion_signals.cli.backtest_view import lines_of  # noqa: PLC0415 -- only a person waits for it
    from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- the same

    print_lines(lines_of(document))
