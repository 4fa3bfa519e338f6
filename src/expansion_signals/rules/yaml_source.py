"""YAML text as a tree that remembers where each value stands.

Built from parser events, not constructed: no alias is followed and no object made, so a document costs no more
than its own length. Plain scalars are read as in YAML 1.2 (`20:00` and `yes` are text), and numbers are exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import yaml

from expansion_signals.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yaml._yaml import Mark as CMark

LARGEST_FILE = 1 << 20
"""Bytes of UTF-8 that a file may have."""

DEEPEST = 32
"""How deep collections may stand in each other."""

Path: TypeAlias = "tuple[str | int, ...]"
"""The way from a document's root to a value: keys of mappings, indexes of lists."""

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE = re.compile(r"[-+]?[0-9]{1,60}", re.ASCII)
_DECIMAL = re.compile(r"[-+]?[0-9]{0,40}\.[0-9]{1,40}", re.ASCII)
_CONSTANTS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Mark(NamedTuple):
    """A place in a file; lines and columns start at 1."""

    line: int
    column: int


@dataclass(slots=True)
class Node:
    """A value and its place: a scalar, a list of nodes, or a mapping of nodes whose keys have `key_marks`."""

    mark: Mark
    value: object
    key_marks: dict[str, Mark] = field(default_factory=dict)

    def child(self, step: str | int) -> Node | None:
        """Return the node one step further, or None where there is none."""
        if isinstance(self.value, dict) and isinstance(step, str):
            found: Node | None = self.value.get(step)
            return found
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            item: Node = self.value[step]
            return item
        return None

    def members(self) -> dict[str, Node]:
        """Return the nodes of a mapping; of anything else none."""
        return self.value if isinstance(self.value, dict) else {}

    def items(self) -> list[Node]:
        """Return the nodes of a list; of anything else none."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> object:
        """Return the value with its places left out: dict, list, str, int, Decimal, bool or None."""
        if isinstance(self.value, dict):
            return {key: member.plain() for key, member in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


@dataclass(slots=True)
class Document:
    """One file: its root, or None where the text is no YAML we read, and the problems met on the way."""

    file: str
    root: Node | None
    problems: list[Problem]


class _UnreadableError(Exception):
    """Ends the reading of this file: what follows could not be told apart from consequences."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark


def parse(file: str, text: str) -> Document:
    """Parse one file; what cannot be read is a problem of the document, never an exception."""
    document = Document(file, None, [])
    try:
        document.root = _Builder(document).build(text)
    except _UnreadableError as error:
        document.problems.append(Problem(file, error.mark.line, error.mark.column, str(error)))
    except yaml.MarkedYAMLError as error:
        mark = _mark(error.problem_mark or error.context_mark)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        document.problems.append(Problem(file, mark.line, mark.column, f"not YAML: {said}"))
    except yaml.YAMLError as error:
        document.problems.append(
            Problem(file, *_place(text, getattr(error, "position", 0)), f"not YAML: {_said(error)}")
        )
    return document


class _Builder:
    """Turns parser events into nodes, with a stack of the collections that are still open."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[Node] = []
        self._keys: list[tuple[str, Mark] | None] = []
        self._root: Node | None = None

    def build(self, text: str) -> Node:
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:
            raise _UnreadableError(_place(text, error.start), "not Unicode text: half of a surrogate pair") from None
        if size > LARGEST_FILE:
            raise _UnreadableError(Mark(1, 1), f"the file has {size:,} bytes; at most {LARGEST_FILE:,} are read")
        for event in yaml.parse(text, Loader=_PARSER):
            self._take(event)
        if self._root is None:
            raise _UnreadableError(Mark(1, 1), "the file is empty; expected a mapping")
        return self._root

    def _take(self, event: yaml.Event) -> None:
        mark = _mark(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _UnreadableError(mark, "anchors and aliases (`&`, `*`) are not read; write the value out")
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            raise _UnreadableError(mark, f"tags (`{tag}`) are not read; write a plain value")
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(mark, event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._start(Node(mark, {}))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._start(Node(mark, []))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._open.pop()
            self._keys.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            raise _UnreadableError(mark, "expected one document; a second one starts here")

    def _start(self, node: Node) -> None:
        if len(self._open) >= DEEPEST:
            raise _UnreadableError(node.mark, f"nested deeper than {DEEPEST} levels")
        self._place(node)
        self._open.append(node)
        self._keys.append(None)

    def _scalar(self, mark: Mark, event: yaml.ScalarEvent) -> None:
        waits_for_key = self._open and isinstance(self._open[-1].value, dict) and self._keys[-1] is None
        if waits_for_key:
            self._keys[-1] = (event.value, mark)
        else:
            self._place(Node(mark, _resolved(event.value) if event.implicit[0] else event.value))

    def _place(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
            return
        key = self._keys[-1]
        if key is None:
            raise _UnreadableError(node.mark, "expected a name as the key, got a collection")
        self._keys[-1] = None
        name, mark = key
        assert isinstance(parent.value, dict)  # noqa: S101 -- only lists and mappings are ever open
        if name in parent.value:
            first = parent.key_marks[name]
            message = f"`{name}` stands twice in this mapping; the first is at line {first.line}"
            self._document.problems.append(Problem(self._document.file, mark.line, mark.column, message))
            return
        parent.value[name] = node
        parent.key_marks[name] = mark


def _resolved(text: str) -> object:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    return text


def _mark(mark: yaml.Mark | CMark | None) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)


def _place(text: str, position: int) -> Mark:
    before = text[:position]
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _said(error: yaml.YAMLError) -> str:
    return str(getattr(error, "reason", None) or error).splitlines()[0]


def follow(root: Node, path: Sequence[str | int]) -> Node | None:
    """Return the node at `path`, or None where the file has nothing there."""
    node: Node | None = root
    for step in path:
        if node is None:
            return None
        node = node.child(step)
    return node
