"""What findings tell to run can be run."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from expansion_signals import checks
from expansion_signals.cli import app

TOLD = re.compile(r"expansion-signals ([a-z]+)(?: ([a-z]+))?((?: --[a-z-]+)*)")


def is_understood(name: str, below: str, options: str) -> bool:
    command = typer.main.get_command(app)
    for word in (name, below):
        if hasattr(command, "commands"):
            command = command.commands.get(word)
    known = {option for parameter in command.params for option in parameter.opts} if command else set()
    return command is not None and set(options.split()) <= known


def test_every_command_that_a_finding_tells_exists() -> None:
    texts = [path.read_text() for path in Path(checks.__file__).parent.glob("*.py")]
    told = {match for text in texts for match in TOLD.findall(text)}
    assert told
    assert [each for each in told if not is_understood(*each)] == []
