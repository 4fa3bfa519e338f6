"""`make commands`: write what `--help` says of every command into docs/commands.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_command

from expansion_signals.cli import app
from expansion_signals.cli.manual import Chapter, Page, heading_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[1] / "docs/commands.md"
PROGRAM = "expansion-signals"

_BEGINNING = """\
# Commands

This page says what `--help` says; `make commands` writes it.

Settings come from the environment and from `.env`: [settings](settings.md). Facts are on
stdout; progress, warnings and errors on stderr, progress on a terminal only. `--json` writes JSON, and nothing else on
stdout. Colours are for terminals; `NO_COLOR=1` takes them away.

| exit code | what it means |
| --- | --- |
| 0 | done |
| 1 | failed: a server is away or holds what does not fit, no such account is known, you did not say yes |
| 2 | the input is wrong: an option, a setting, a file; it never will |
| 130 | ended by Ctrl-C, or by SIGTERM |

`expansion-signals --install-completion` teaches your shell (bash, zsh, fish, PowerShell) to complete commands and
options, and for `--type`, `--code`, `--topic` their values; for `--meter` and `--rule` those of
`EXPANSION_SIGNALS_CONFIG`. The first Tab of a zsh only reads the script. `--show-completion` prints it.
"""


def page() -> str:
    """Return the page: commands under the headings that they have in `--help`."""
    root = get_command(app)
    assert isinstance(root, Chapter)  # noqa: S101 -- it has commands below it
    parts = [_BEGINNING]
    for heading in dict.fromkeys(map(heading_of, root.commands.values())):
        parts.append(f"## {heading}\n")
        for name, command in root.commands.items():
            if heading_of(command) == heading:
                parts += commands(command, f"{PROGRAM} {name}")
    return "\n".join(parts)


def commands(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401 -- typer's own, or one with commands below it
    """Yield a command, and those below it."""
    if isinstance(command, Chapter):
        for each, below in command.commands.items():
            yield from commands(below, f"{name} {each}")
    else:
        yield _command(command, name)


def _command(command: Page, name: str) -> str:
    context = typer.Context(command, info_name=name)  # type: ignore[arg-type]
    records = [each.get_help_record(context) for each in command.params]
    options = [f"| `{option}` | {_cell(told)} |" for option, told in filter(None, records)]
    table = ["| argument, option | what it is |", "| --- | --- |", *options, ""] if options else []
    return "\n".join([f"### {name}", "", command.help or "", "", *table, "```sh", *command.examples, "```", ""])


def _cell(told: str) -> str:
    return " ".join(told.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
