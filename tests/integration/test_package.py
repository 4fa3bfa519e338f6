"""The package as strangers get it: built, installed into a clean environment, and run far from the source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = ROOT / ".venv/bin/uv"
BELONGS = ("*.py", "*.lua", "*.yaml", "*.css", "*.json", "py.typed")
TYPED_PROGRAM = """
from expansion_signals.sdk import Subscriber

for trigger in Subscriber("localhost:9092", group="mailer", topics=["expansion-limit-reached"]):
    reveal_type(trigger.account)
    print(trigger.acount)
"""


class Installed:
    """An environment that has nothing of ours but the wheel; libraries are those of the development environment."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._environment = {name: each for name, each in os.environ.items() if not name.startswith("PYTHON")}
        self.dist = directory / "dist"
        self._uv(
            "build", "--quiet", "--no-build-isolation", f"--python={sys.executable}", f"--out-dir={self.dist}", ROOT
        )
        [self.wheel] = self.dist.glob("*.whl")
        self.python = directory / "venv/bin/python"
        self._uv("venv", "--quiet", f"--python={sys.executable}", directory / "venv")
        self._uv("pip", "install", "--quiet", "--offline", "--no-deps", f"--python={self.python}", self.wheel)
        [site] = (directory / "venv/lib").glob("python*/site-packages")
        # A path that a .pth file names is searched last, and its own .pth files are not read: no editable install.
        (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def run(self, *command: str | Path) -> str:
        """Run a command that succeeds in a directory that has nothing to do with the source; return what it writes."""
        done = self.tried(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tried(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command there, whatever comes of it."""
        return subprocess.run(
            command, cwd=self._directory, env=self._environment, capture_output=True, text=True, check=False
        )

    def signals(self, *arguments: str) -> str:
        """Run `expansion-signals`, and return what it writes."""
        return self.run(self._directory / "venv/bin/expansion-signals", *arguments)

    def _uv(self, *arguments: str | Path) -> None:
        self.run(UV, *arguments)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("package"))


def test_the_wheel_that_is_made_from_the_sdist_has_all_that_the_program_reads(installed: Installed) -> None:
    source = ROOT / "src"
    belongs = {str(file.relative_to(source)) for kind in BELONGS for file in source.rglob(kind)}
    belongs |= {
        f"expansion_signals/{file.relative_to(ROOT)}" for file in (ROOT / "schemas").rglob("*.*") if file.is_file()
    }
    assert belongs - set(zipfile.ZipFile(installed.wheel).namelist()) == set()


def test_the_version_is_that_of_the_project(installed: Installed) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert installed.signals("--version") == f"expansion-signals {version}\n"


def test_a_configuration_to_begin_with_is_in_the_package_and_valid(installed: Installed) -> None:
    installed.signals("config", "init", "config")
    assert "is valid" in installed.signals("config", "check", "config")


def test_the_demo_runs(installed: Installed) -> None:
    demo = installed.tried(installed.python, "-m", "expansion_signals", "demo", "--seconds", "1", "--json")
    *triggers, summary = map(json.loads, demo.stdout.splitlines())
    assert (summary["received"], summary["triggers"]) == (summary["sent"], len(triggers)), demo.stderr


def test_a_program_of_its_users_is_checked_by_type(installed: Installed, tmp_path: Path) -> None:
    program = tmp_path / "mailer.py"
    program.write_text(TYPED_PROGRAM)
    mypy = [sys.executable, "-m", "mypy", "--strict", f"--python-executable={installed.python}"]
    said = installed.tried(*mypy, "--config-file=", f"--cache-dir={tmp_path}", str(program)).stdout
    assert 'Revealed type is "str"' in said.replace("builtins.", "")
    assert said.count("error:") == said.count('"Trigger" has no attribute "acount"') == 1, said
