"""What an expression of PromQL asks for, as far as a scrape can say whether it is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ADDED_BY_PROMETHEUS = {"job", "instance"}

_SELECTED = re.compile(r"\b((?:expansion_signals|process)_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_GROUPED = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right) ?\(([^)]*)\)")
_LEGEND = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


class Family(NamedTuple):
    """One metric of a scrape: its type, and the values of each of its labels."""

    type: str
    labels: Mapping[str, set[str]]


def scraped(page: str) -> Mapping[str, Family]:
    """Return the families of a page by the names that its table has: a counter's ends in `_total`."""
    found: dict[str, Family] = {}
    for family in text_string_to_metric_families(page):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        values: dict[str, set[str]] = {}
        for sample in family.samples:
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
        found[name] = Family(family.type, values)
    return found


def samples(page: str) -> Mapping[str, Family]:
    """Return the same by the names of samples, as expressions have them: `…_bucket`, `…_sum`, `…_count`."""
    families = scraped(page)
    parts = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
    return {name + part: family for name, family in families.items() for part in parts.get(family.type, ("",))}


def missing(expression: str, told: str, there: Mapping[str, Family]) -> Iterator[str]:
    """Yield what an expression, or the text that is told with it, names and no sample has."""
    selected = _SELECTED.findall(expression)
    known = set(ADDED_BY_PROMETHEUS)
    for name, matchers in selected:
        labels = there[name].labels if name in there else {}
        known |= set(labels)
        if name not in there:
            yield name
        for label, operator, value in _MATCHER.findall(matchers):
            if label not in labels and label not in ADDED_BY_PROMETHEUS:
                yield f"{name}{{{label}}}"
            elif label in labels and not _has(labels[label], operator, value):
                yield f"{name}{{{label}{operator}{value!r}}}"
    grouped = [label.strip() for labels in _GROUPED.findall(expression) for label in labels.split(",")]
    yield from (f"{label} in {expression}" for label in [*grouped, *_LEGEND.findall(told)] if label not in known)


def _has(values: set[str], operator: str, asked: str) -> bool:
    """Say whether each alternative that is asked for is there."""
    alternatives = asked.split("|") if operator == "=~" else [asked]
    return any(each in values for each in alternatives) if operator in ("=", "=~") else True
