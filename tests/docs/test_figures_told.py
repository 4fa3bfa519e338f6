"""The pages on speed and size tell of the run whose figures are kept, and of no other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from benchmarks.capacity import FIGURES
from benchmarks.pages import capacity, performance, with_figures

from documents import ROOT

TABLES = {"performance.md": performance, "capacity.md": capacity}


@pytest.mark.parametrize("page", TABLES)
def test_the_tables_are_those_of_the_run_that_is_kept(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    assert with_figures(text, TABLES[page](json.loads(FIGURES.read_text()))) == text


def test_the_calculator_answers_as_its_page_says() -> None:
    asked = [sys.executable, "-m", "benchmarks.capacity", "--events", "50000", "--accounts", "1000000", "--json"]
    answer = json.loads(subprocess.run(asked, capture_output=True, check=True, cwd=ROOT).stdout)
    assert answer["partitions"] == 2 * answer["workers"] > 2
    assert answer["redis_gib"]["accounts"] > 1
