"""What a person reads, on a terminal or in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType


def print_lines(lines: Iterable[RenderableType], *, whole: bool = False) -> None:
    """Print on stdout; `whole` lines are never wrapped. A pipe gets no colours, and no blanks that fill up columns."""
    # Names are of others: a group named `x[/y]` ends the command where it is read as markup, `:x:` may be an emoji.
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=whole)
    if console.is_terminal:
        for line in lines:
            console.print(line)
        return
    with console.capture() as captured:
        for line in lines:
            console.print(line)
    typer.echo("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()), nl=False)
