from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from expansion_signals.cli.printing import print_lines

if TYPE_CHECKING:
    import pytest


def test_a_pipe_gets_no_colours_and_no_blanks_behind_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table.grid(expand=True)
    table.add_row("plan", "free")
    print_lines([Text("acct-1", style="bold"), table])
    assert [line for line in capsys.readouterr().out.splitlines() if line != line.rstrip() or "\x1b" in line] == []


def test_a_whole_line_is_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(["word " * 100 + "end"], whole=True)
    assert capsys.readouterr().out.count("\n") == 1


def test_a_name_that_looks_like_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("", title="of x[/y]", box=None)
    table.add_row("[bold]:x:")
    print_lines([table, "x[/y]"])
    assert [line.strip() for line in capsys.readouterr().out.splitlines() if line] == ["of x[/y]", "[bold]:x:", "x[/y]"]
