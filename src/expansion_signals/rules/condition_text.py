"""A condition as people read it: written from what it means, so it reads back as the same condition."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import TYPE_CHECKING

from expansion_signals.model.amounts import plain
from expansion_signals.rules.conditions import LONGEST, Comparison

if TYPE_CHECKING:
    from expansion_signals.rules.conditions import Combination, Condition

IN_PERCENT = frozenset({"usage_growth", "utilization"})
"""Facts that are fractions and are read as percentages."""

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_EXACT = Context(prec=LONGEST)


def condition_text(condition: Condition) -> str:
    """Return the whole condition: `health >= 70 and utilization >= 80%`."""
    if isinstance(condition, Comparison):
        return f"{condition.fact} {required_text(condition)}"
    if condition.word == "not":
        return f"not {_inside(condition, condition.parts[0])}"
    return f" {condition.word} ".join(_inside(condition, part) for part in condition.parts)


def required_text(condition: Condition) -> str:
    """Return what is asked of the one fact of a comparison, `> 50%`; of several facts, the whole condition."""
    if not isinstance(condition, Comparison):
        return condition_text(condition)
    value = condition.value
    if isinstance(value, str):
        return f"{condition.operator} {_name(value)}"
    return f"{condition.operator} {number_text(condition.fact, value)}"


def number_text(fact: str, value: Decimal) -> str:
    """Return the number of a fact: `0.62` of a fact that is read in percent is `62%`."""
    return f"{plain(value.scaleb(2, _EXACT))}%" if fact in IN_PERCENT else plain(value)


def _inside(outer: Combination, part: Condition) -> str:
    text = condition_text(part)
    if isinstance(part, Comparison) or part.word == "not":
        return text
    return text if (outer.word, part.word) == ("or", "and") else f"({text})"


def _name(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    return f'"{value}"' if "'" in value else f"'{value}'"
