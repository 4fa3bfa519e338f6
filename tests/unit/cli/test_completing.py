from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from expansion_signals.local.stack import SAMPLE

if TYPE_CHECKING:
    from pathlib import Path


def _offered(typed: str, config: Path = SAMPLE) -> list[str]:
    """Return what bash is offered for the last word that is typed."""
    words = f"expansion-signals {typed}".split(" ")
    asked = {
        "_EXPANSION_SIGNALS_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "EXPANSION_SIGNALS_CONFIG": str(config),
    }
    program = "import sys; sys.argv[0] = 'expansion-signals'; from expansion_signals.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | asked, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("wat", ["watch"]),
        ("config h", ["history"]),
        ("account show --d", ["--days"]),
        ("emit acct-1 --meter api", ["api_calls"]),
        ("mute --rule api", ["api-quota"]),
        ("watch --type seat", ["seat_limit.approached", "seat_limit.invited", "seat_limit.last_taken"]),
        ("emit acct-1 --type com.acme.project", ["com.acme.project.created"]),
        ("dlq list --code un", ["unknown_version", "unparsable"]),
        ("dlq replay --topic us", ["usage-events"]),
    ],
)
def test_a_shell_is_offered_what_may_stand_there(typed: str, offered: list[str]) -> None:
    assert _offered(typed) == offered


def test_without_a_configuration_a_shell_is_offered_no_names(tmp_path: Path) -> None:
    assert _offered("emit acct-1 --meter ", tmp_path) == []


def test_the_script_that_a_shell_reads_is_shown() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "expansion_signals", "--show-completion", "bash"],
        env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "complete -o default -F" in shown.stdout
