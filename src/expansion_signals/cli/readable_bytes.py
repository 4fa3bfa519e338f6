"""Bytes that anybody may have sent, as a terminal may show them: JSON indented, everything else escaped where needed.

Nothing of it is interpreted: numbers, spellings and keys that stand twice are shown as they were written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedRecord
from expansion_signals.wire.json_text import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARACTERS = 64 * 1024
"""What is shown of a value."""

_LARGEST_PARSED = 1024 * 1024
_DEEPEST_INDENTED = 16
"""Deeper is not indented further: nested brackets would be blown up to a hundred times their length."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def readable(content: bytes) -> str:
    """Return the content in lines, cut at 64 Ki characters; no control character but the line's end is left in it."""
    written = _written(content)
    shown = "".join(each if each == "\n" or each.isprintable() else _escaped(each) for each in written)
    if len(shown) < MOST_CHARACTERS and len(written) < MOST_CHARACTERS:
        return shown
    return f"{shown[:MOST_CHARACTERS]}\n... cut here: {len(content):,} bytes in all, --json has them"


def one_line(text: str) -> str:
    """Return a text as one line that a terminal may show."""
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _written(content: bytes) -> str:
    if len(content) <= _LARGEST_PARSED and _is_json(content):
        return _cut(_indented(content.decode()))
    return content[:MOST_CHARACTERS].decode("utf-8", "backslashreplace")[:MOST_CHARACTERS]


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(parse(content), dict | list)
    except RejectedRecord:
        return False


def _cut(parts: Iterator[str]) -> str:
    taken, length = [], 0
    for part in parts:
        taken.append(part)
        length += len(part)
        if length > MOST_CHARACTERS:
            break
    return "".join(taken)[:MOST_CHARACTERS]


def _indented(text: str) -> Iterator[str]:
    depth, before = 0, ""
    for match in _TOKEN.finditer(text):
        word = match[0]
        depth -= word in "]}"
        opens, closes = before in ("[", "{"), word in "]}"
        if (opens and not closes) or before == "," or (closes and not opens):
            yield "\n" + "  " * min(depth, _DEEPEST_INDENTED)
        yield ": " if word == ":" else word
        depth += word in "[{"
        before = word


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()
