from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from expansion_signals.cli import app
from expansion_signals.cli.manual import Chapter

if TYPE_CHECKING:
    from collections.abc import Iterator


def _commands(command: Any, *name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- typer's own
    yield " ".join(name), command
    if isinstance(command, Chapter):
        for each, below in command.commands.items():
            yield from _commands(below, *name, each)


COMMANDS = dict(_commands(get_command(app)))


def _help(name: str) -> list[str]:
    return CliRunner().invoke(app, [*name.split(), "--help"], terminal_width=80).stdout.splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_ends_in_examples_of_one_line_each(name: str) -> None:
    lines = _help(name)
    heading = max(lines.index(each) for each in ("Example:", "Examples:") if each in lines)
    assert lines[heading + 1 :] == [f"  {example}" for example in COMMANDS[name].examples] != []


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_is_of_its_own_command(name: str) -> None:
    words = [shlex.split(example.partition("expansion-signals ")[2]) for example in COMMANDS[name].examples]
    assert [each for each in words if each[: len(name.split())] != name.split()] == []


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if isinstance(command, Chapter)])
def test_a_summary_fits_into_its_line(name: str) -> None:
    assert [line for line in _help(name) if line.startswith("  ") and line.endswith("...")] == []


def test_commands_stand_under_what_they_are_for() -> None:
    lines = _help("")
    assert lines[lines.index("Try it:") + 1].split()[0] == "demo"


def test_help_waits_for_no_library_but_the_one_that_writes_it() -> None:
    program = (
        "import sys; from expansion_signals.cli import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    imported = set(said.splitlines()[-1].split())
    assert imported & {"aiokafka", "faust", "kafka", "pydantic", "redis", "rich", "yaml"} == set()
