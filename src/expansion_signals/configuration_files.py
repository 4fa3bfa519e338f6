"""The directory that holds catalog and rules: read as text, judged by `expansion_signals.rules.loading`."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from expansion_signals.errors import Problem, RejectedConfiguration
from expansion_signals.rules.loading import FILES, load
from expansion_signals.rules.yaml_source import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from expansion_signals.rules.configuration import Configuration


_GIT_SECONDS = 5


def load_directory(directory: Path) -> Configuration:
    """Load a directory; problems and warnings name their file with the directory, so that editors open it.

    Raises:
        RejectedConfiguration: what `read_directory` raises, or every problem of both files.
    """
    texts = read_directory(directory)
    try:
        configuration = load(texts)
    except RejectedConfiguration as rejected:
        placed = [replace(problem, file=str(directory / problem.file)) for problem in rejected.problems]
        raise RejectedConfiguration(placed) from None
    return replace(configuration, warnings=tuple(str(directory / warning) for warning in configuration.warnings))


def read_directory(directory: Path) -> Mapping[str, str]:
    """Return the content of `catalog.yaml` and `rules.yaml` by file name, both of one set.

    Where a set is put in place while they are read (Kubernetes turns a link to another directory), the old catalog and
    the new rules would be a set that nobody wrote: so they are read until two readings are the same.

    Raises:
        RejectedConfiguration: the directory or a file is missing, unreadable, too large or not UTF-8; all at once.
    """
    texts, last = _read(directory), None
    while texts != last:
        texts, last = _read(directory), texts
    return texts


def _read(directory: Path) -> Mapping[str, str]:
    if not directory.is_dir():
        found = "is not a directory" if directory.exists() else "does not exist"
        begin = f"expansion-signals config init {quote(str(directory))}"
        expected = f"{found}; expected a directory with {' and '.join(FILES)}, such as `{begin}` writes"
        raise RejectedConfiguration([Problem(str(directory), 1, 1, expected)])
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for name in FILES:
        content = _content(directory / name)
        if isinstance(content, Problem):
            problems.append(content)
        else:
            texts[name] = content
    if problems:
        raise RejectedConfiguration(problems)
    return texts


def revision_of(directory: Path) -> str | None:
    """Return the git revision that the files of a directory are of; `-dirty` behind it where they were changed since.

    None: they are in no repository, or git is not there or does not trust it.
    """
    if _git(directory, "ls-files", "--error-unmatch", *FILES) is None:
        return None
    revision = _git(directory, "rev-parse", "HEAD")
    changed = _git(directory, "status", "--porcelain", "--", *FILES)
    return revision and revision + ("-dirty" if changed else "")


def _git(directory: Path, *arguments: str) -> str | None:
    """Return what git answers; None where it fails, for any reason: a worker starts without it as well."""
    command = ("git", "-C", str(directory), *arguments)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=False)  # noqa: S603 -- git, asked about a directory of ours
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _content(path: Path) -> str | Problem:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return Problem(str(path), 1, 1, "the file is missing")
    except OSError as error:
        return Problem(str(path), 1, 1, f"the file cannot be read: {error.strerror}")
    if len(content) > LARGEST_FILE:
        return Problem(str(path), 1, 1, f"the file is larger than {LARGEST_FILE:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        return Problem(str(path), line, column, "expected UTF-8 text; save the file as UTF-8")
