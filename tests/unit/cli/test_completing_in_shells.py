"""What zsh and fish themselves make of a word that is begun, with the script that `--show-completion` prints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from expansion_signals.local.stack import SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """#!/bin/sh
exec {python} -c 'import sys; sys.argv[0] = "expansion-signals"; from expansion_signals.cli import main; main()' "$@"
"""
BEGUN = [
    ("wat", "watch"),
    ("watch --type lim", "watch --type limit.reached"),
    ("mute --rule api", "mute --rule api-quota"),
]
TO_BEGIN, TO_END = "\x01", "\x05"
"""Control-A and control-E."""


def _ask(directory: Path, shell: list[str], typed: str) -> str:
    """Type something into a shell that finds this program, and return what it shows."""
    missing = [name for name in (shell[0], shell[-1].split()[0]) if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {missing[0]} on PATH")
    program = directory / "expansion-signals"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{directory}:{os.environ['PATH']}",
        "EXPANSION_SIGNALS_CONFIG": str(SAMPLE),
        "TERM": "dumb",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    return subprocess.run(
        shell, input=typed, cwd=directory, env=environment, capture_output=True, text=True, timeout=60, check=True
    ).stdout


@pytest.mark.parametrize(("typed", "completed"), BEGUN)
def test_zsh_completes_it(tmp_path: Path, typed: str, completed: str) -> None:
    # The line that was completed is printed in place of being run.
    keys = f"expansion-signals {typed}\t{TO_BEGIN}print -r -- told: {TO_END}\n"
    setting_up = 'autoload -Uz compinit; compinit -u -D; eval "$(expansion-signals --show-completion zsh)"\n'
    shown = _ask(tmp_path, ["script", "--quiet", "/dev/null", "--command", "zsh -f -i"], f"{setting_up}{keys}exit\n")
    assert re.findall(r"^told: (.*?)\r*$", shown, re.MULTILINE) == [f"expansion-signals {completed}"]


@pytest.mark.parametrize(("typed", "completed"), BEGUN)
def test_fish_completes_it(tmp_path: Path, typed: str, completed: str) -> None:
    program = f"expansion-signals --show-completion fish | source; complete --do-complete 'expansion-signals {typed}'"
    [offered] = _ask(tmp_path, ["fish"], program).splitlines()
    assert offered.partition("\t")[0] == completed.rpartition(" ")[2]
