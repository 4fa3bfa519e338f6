"""The pytest plugin in projects of its users: it is found, it fails with what helps, and it costs nobody anything."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from shutil import copytree
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from expansion_signals.configuration_files import load_directory
from expansion_signals.errors import RejectedConfiguration
from small_product import RULES, configured
from users_pytest import SOURCE, run_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from users_pytest import Ran

ROOT = SOURCE.parent
SAMPLE = SOURCE / "expansion_signals/local/sample"
WRONG = RULES.replace("meter: projects", "meter: project").replace("attempts: 3", "attempts: 0")


def written(project: Path, tests: str) -> Path:
    """Return a project with these tests."""
    (project / "test_rules.py").write_text(dedent(tests))
    return project


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Two tests of one project: rules that are fine and do not fire, and rules that are not valid."""
    project = tmp_path_factory.mktemp("failing")
    for name, rules in (("config", RULES), ("other", WRONG)):
        (project / name).mkdir()
        configured(project / name, rules)
    tests = """
        import pytest

        def test_it_fires(expansion):
            expansion.account_updated("acct-1", plan="free", opted_out=["ada"])
            expansion.usage("acct-1", meter="api_calls", value=800, user="ada")
            assert expansion.fired("acct-1") == ["api-quota 80%"]

        def test_it_is_shown_where_it_asks(expansion):
            expansion.usage("acct-1", meter="api_call", value=800)

        class TestOfOtherRules:
            @pytest.fixture
            def expansion_signals_config(self, pytestconfig):
                return pytestconfig.rootpath / "other"

            def test_it_fires(self, expansion):
                raise AssertionError("not reached")
    """
    return run_pytest(written(project, tests))


def test_a_failing_test_shows_what_is_missing(failing: Ran) -> None:
    assert "assert [] == ['api-quota 80%']" in failing.told


def test_a_failing_test_shows_what_was_sent_and_what_came_of_it(failing: Ran) -> None:
    assert (
        "2026-01-01 00:00:00  acct-1  usage.recorded  meter api_calls, value 800, user ada\n"
        "    api-quota 80% suppressed: opted_out (this person does not want to be asked): 800 of 1,000 calls used"
    ) in failing.told


def test_rules_that_are_not_valid_fail_a_test_with_what_config_check_tells(failing: Ran, tmp_path: Path) -> None:
    with pytest.raises(RejectedConfiguration) as rejected:
        load_directory(configured(tmp_path, WRONG))
    problems = [str(problem).rpartition("/")[2] for problem in rejected.value.problems]
    assert [problem for problem in problems if f"other/{problem}" not in failing.told] == []


def test_rules_that_are_not_valid_are_told_without_our_source(failing: Ran) -> None:
    assert (failing.outcomes, "Traceback" in failing.told) == ({"failed": 2, "error": 1}, False)


def test_what_cannot_be_is_shown_where_the_test_asks_for_it(failing: Ran) -> None:
    asked = 'expansion.usage("acct-1", meter="api_call", value=800)'
    refused = "expansion_signals.errors.RejectedRehearsal: no meter and no rule names"
    assert (asked in failing.told, refused in failing.told, "pipeline.py" in failing.told) == (True, True, False)


def test_the_example_passes_beside_the_sample(tmp_path: Path) -> None:
    copytree(SAMPLE, tmp_path / "config")
    ran = run_pytest(written(tmp_path, (ROOT / "examples/test_our_rules.py").read_text()))
    assert ran.outcomes == {"passed": 3}


def test_pytest_finds_the_plugin_by_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [import_module(name).__name__ for name in project["entry-points"]["pytest11"].values()] == [
        "expansion_signals.testing.plugin"
    ]


def test_who_does_not_use_it_imports_nothing_of_it() -> None:
    program = "import sys, expansion_signals.testing.plugin; print(*(n for n in sys.modules if 'expansion' in n))"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [
        "expansion_signals",
        "expansion_signals.testing",
        "expansion_signals.testing.plugin",
    ]
