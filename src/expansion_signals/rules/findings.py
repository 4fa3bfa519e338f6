"""Collecting problems with their places, and naming what was probably meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from expansion_signals.errors import Problem
from expansion_signals.rules.yaml_source import follow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expansion_signals.rules.yaml_source import Mark, Node, Path

_LISTED = 20
_SHOWN = 48


@dataclass(slots=True)
class Findings:
    """Problems and warnings of one file; a path that the file does not have stands at the nearest place above it."""

    file: str
    root: Node
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _meant: set[Path] = field(default_factory=set)

    def at(self, path: Path, message: str) -> None:
        """Report what is wrong with the value at `path`."""
        self._add(self._value_mark(path), message)

    def at_key(self, path: Path, message: str) -> None:
        """Report what is wrong with the key that `path` ends in."""
        self._add(self._key_mark(path), message)

    def unknown_key(self, path: Path, valid: Iterable[str]) -> None:
        """Report a key that its mapping does not take; the one probably meant then counts as written."""
        key, names = str(path[-1]), tuple(valid)
        self.at_key(path, f"unknown key `{key}`{meant(key, names)}")
        self._meant.update((*path[:-1], near) for near in get_close_matches(key, names, n=1))

    def warn(self, path: Path, message: str) -> None:
        """Note what is valid and yet not what its writer may expect."""
        self.warnings.append(f"{self.file}:{self._value_mark(path).line}: {message}")

    def written(self, path: Path) -> object:
        """Return what the file has at `path`, be it right or wrong; None where it has nothing."""
        node = follow(self.root, path)
        return node.plain() if node else None

    def has(self, path: Path) -> bool:
        """Say whether the file has a value at `path`, right or wrong, or under a misspelt key."""
        return path in self._meant or follow(self.root, path) is not None

    def names(self, part: str) -> tuple[str, ...]:
        """Return the keys of a mapping at the top of the file, be what they hold right or wrong."""
        return tuple(self.members(part))

    def members(self, part: str) -> dict[str, Node]:
        """Return the entries of a mapping at the top of the file."""
        node = self.root.child(part)
        return node.members() if node else {}

    def entries(self, part: str) -> list[Node]:
        """Return the entries of a list at the top of the file."""
        node = self.root.child(part)
        return node.items() if node else []

    def _add(self, mark: Mark, message: str) -> None:
        self.problems.append(Problem(self.file, mark.line, mark.column, message))

    def _value_mark(self, path: Path) -> Mark:
        node = self.root
        for step in path:
            further = node.child(step)
            if further is None:
                break
            node = further
        return node.mark

    def _key_mark(self, path: Path) -> Mark:
        parent = follow(self.root, path[:-1])
        found = parent.key_marks.get(str(path[-1])) if parent is not None else None
        return found or self._value_mark(path)


def meant(name: str, valid: Iterable[str]) -> str:
    """Return `; did you mean X?` for the nearest valid name, else `; expected one of …`, ready to append."""
    names = [str(each) for each in valid]
    near = get_close_matches(name, names, n=1)
    if near:
        return f"; did you mean `{near[0]}`?"
    if not names:
        return "; there is none to name"
    rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"; expected one of {', '.join(f'`{each}`' for each in names[:_LISTED])}{rest}"


def shown(value: object) -> str:
    """Return a value as its writer would recognise it, short enough for one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    text = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    return f"`{text}`" if text.isprintable() else repr(text)
