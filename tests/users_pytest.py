"""pytest as somebody runs it who tests rules of their own: a project in a folder, and the plugin of the package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(__file__).parents[1] / "src"
_OUTCOMES = re.compile(r"(\d+) (passed|failed|errors?)")


class Ran(NamedTuple):
    """How many tests ended how, and everything that pytest wrote."""

    outcomes: Mapping[str, int]
    told: str


def run_pytest(project: Path) -> Ran:
    """Run the tests of a project, warnings as errors; no plugin but ours is loaded, whatever is installed here."""
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(SOURCE), "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "expansion_signals.testing.plugin", "-W", "error"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    return Ran({outcome: int(count) for count, outcome in _OUTCOMES.findall(last)}, done.stdout + done.stderr)
