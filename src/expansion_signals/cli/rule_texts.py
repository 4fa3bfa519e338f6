"""The text of each rule as it stands in rules.yaml, with its spelling and its comments."""

from __future__ import annotations

from decimal import Decimal
from textwrap import dedent
from typing import TYPE_CHECKING

import yaml

from expansion_signals.rules.loading import RULES_FILE
from expansion_signals.rules.yaml_source import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.rules.yaml_source import Node


def rule_texts(rules: str) -> Mapping[str, str]:
    """Return by id the lines of each rule; of one that shares its lines with others, its values written anew."""
    root = parse(RULES_FILE, rules).root
    found = root.child("rules") if root else None
    items, lines = (found.items() if found else []), rules.splitlines()
    texts: dict[str, str] = {}
    for place, item in enumerate(items):
        name = item.members().get("id")
        if name is not None:
            texts[str(name.value)] = _text(item, _slice(lines, items, place, root))
    return texts


def _slice(lines: Sequence[str], items: Sequence[Node], place: int, root: Node | None) -> str:
    """Return the lines from where a rule begins to where something else does, without the comments behind it."""
    first = items[place].mark.line
    marks = root.key_marks.values() if root else ()
    later = [*(item.mark.line for item in items[place + 1 :]), *(mark.line for mark in marks)]
    end = min((line for line in later if line > first), default=len(lines) + 1)
    own = list(lines[first - 1 : end - 1])
    while own and (not own[-1].strip() or own[-1].lstrip().startswith("#")):
        own.pop()
    return dedent("\n".join(own))


def _text(item: Node, lines: str) -> str:
    """Return the lines if they say what the rule says, and nothing else."""
    again = parse(RULES_FILE, f"rules:\n{lines}\n").root
    read = again.child("rules") if again else None
    if read is not None and [each.plain() for each in read.items()] == [item.plain()]:
        return lines
    return yaml.safe_dump([_plain(item.plain())], sort_keys=False, allow_unicode=True).rstrip()


def _plain(value: object) -> object:
    """Return a value as YAML writes it: exact numbers as text."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value
