"""Somebody who types what docs/backtesting.md says, in an empty directory."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from documents import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs/backtesting.md"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything that needs no server has been typed, as one script; the rest is asked of servers elsewhere."""
    directory = tmp_path_factory.mktemp("backtesting")
    script = "".join(block for block in blocks(PAGE) if "--from-topic" not in block and "signals shadow" not in block)
    done = subprocess.run(
        ["bash", "-ec", f"PATH={ROOT}/.venv/bin:$PATH\n{script}"],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    directory.joinpath("said").write_text(done.stdout)
    return directory


def test_the_page_shows_the_rule_that_changed(directory: Path) -> None:
    assert "rule api-quota: changed" in directory.joinpath("season.html").read_text()


def test_the_lower_threshold_fires_more(directory: Path) -> None:
    report = json.loads(directory.joinpath("season.json").read_text())
    [quota] = [each for each in report["in_force"]["rules"] if each["rule"] == "api-quota"]
    assert quota["more"] > 0


def test_the_json_lines_end_where_they_are_told_to(directory: Path) -> None:
    lines = [line for line in directory.joinpath("said").read_text().splitlines() if line.startswith('{"topic"')]
    assert max(json.loads(line)["event"]["time"] for line in lines) <= "2026-10-01T00:00:00Z"
