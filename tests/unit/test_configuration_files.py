from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from expansion_signals.configuration_files import revision_of
from expansion_signals.local.stack import SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def _git(directory: Path, *arguments: str) -> str:
    person = ("-c", "user.name=dana", "-c", "user.email=dana@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *person, *arguments], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with both files, in a repository that does not know them yet."""
    shutil.copytree(SAMPLE, tmp_path / "config")
    _git(tmp_path, "init", "--quiet")
    return tmp_path / "config"


@pytest.fixture
def committed(files: Path) -> Path:
    _git(files, "add", ".")
    _git(files, "commit", "--quiet", "-m", "rules")
    return files


def test_files_that_are_committed_have_their_revision(committed: Path) -> None:
    assert revision_of(committed) == _git(committed, "rev-parse", "HEAD")


def test_files_that_were_changed_since_say_so(committed: Path) -> None:
    (committed / "rules.yaml").write_text("rules: []\n")
    assert revision_of(committed) == _git(committed, "rev-parse", "HEAD") + "-dirty"


def test_what_else_was_changed_does_not_matter(committed: Path) -> None:
    (committed / "notes.txt").write_text("x")
    assert revision_of(committed) == _git(committed, "rev-parse", "HEAD")


def test_files_that_a_repository_does_not_know_have_none(files: Path) -> None:
    assert revision_of(files) is None


def test_files_outside_of_any_repository_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    shutil.copytree(SAMPLE, tmp_path / "config")
    assert revision_of(tmp_path / "config") is None


def test_without_git_there_is_none(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(committed))
    assert revision_of(committed) is None
