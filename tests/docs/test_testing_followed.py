"""The page on testing rules, followed: its tests pass with the sample, and one that fails shows what the page shows."""

from __future__ import annotations

from shutil import copytree
from typing import TYPE_CHECKING

import pytest

from documents import ROOT, blocks, rows, section
from expansion_signals.testing import Pipeline
from users_pytest import run_pytest

if TYPE_CHECKING:
    from users_pytest import Ran

PAGE = ROOT / "docs/testing.md"
SILENT = """
def test_that_fails(expansion):
    expansion.account_updated("acct-1", plan="free", status="paused")
    expansion.usage("acct-1", meter="api_calls", value=800)
    assert expansion.fired("acct-1") == ["api-quota 80%"]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Every test of the page, and one that fails, in a project with the settings of the page."""
    project = tmp_path_factory.mktemp("project")
    [settings] = blocks(PAGE, "ini")
    (project / "pytest.ini").write_text(settings)
    copytree(ROOT / "src/expansion_signals/local/sample", project / "deploy/rules")
    for number, block in enumerate((*blocks(PAGE, "python"), SILENT)):
        (project / f"test_{number}.py").write_text(block)
    return run_pytest(project)


def test_the_tests_of_the_page_pass(ran: Ran) -> None:
    assert ran.outcomes == {"passed": len(blocks(PAGE, "python")), "failed": 1}


def test_a_test_that_fails_shows_what_the_page_shows(ran: Ran) -> None:
    [shown] = [block for block in blocks(PAGE, "") if "account.updated" in block]
    assert shown in ran.told


def test_the_methods_of_the_page_are_those_of_a_pipeline() -> None:
    told = [name for row in rows(section(PAGE, "## What came of it")) for name in row[0].replace("`", "").split(", ")]
    assert [name for name in told if not callable(getattr(Pipeline, name, None))] == []
