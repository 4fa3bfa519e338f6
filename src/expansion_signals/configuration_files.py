"""The directory that holds catalog and rules: read as text, judged by `expansion_signals.rules.loading`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.errors import Problem, RejectedConfiguration
from expansion_signals.rules.loading import FILES
from expansion_signals.rules.yaml_source import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_directory(directory: Path) -> Mapping[str, str]:
    """Return the content of `catalog.yaml` and `rules.yaml` by file name.

    Raises:
        RejectedConfiguration: the directory or a file is missing, unreadable, too large or not UTF-8; all at once.
    """
    if not directory.is_dir():
        found = "is not a directory" if directory.exists() else "does not exist"
        expected = f"{found}; expected a directory with {' and '.join(FILES)}"
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
