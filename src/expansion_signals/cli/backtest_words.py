"""What a backtest came to, in words that the terminal and the page share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.model.instants import parse_day
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def heading(document: Mapping[str, Any]) -> str:
    """Return what was played: `events.jsonl, 2026-09-01 to 2026-09-30`."""
    told = document["input"]
    return told["source"] if told["from"] is None else f"{told['source']}, {span(told)}"


def span(told: Mapping[str, Any]) -> str:
    """Return the days of the input: `2026-09-01 to 2026-09-30`."""
    first, last = told["from"][:10], told["until"][:10]
    return str(first) if first == last else f"{first} to {last}"


def records_line(records: Mapping[str, int]) -> str:
    """Return what became of the records: `24 records: 20 counted, 4 duplicate`."""
    told = [f"{count:,} {name.replace('_', '-')}" for name, count in records.items() if name != "received" and count]
    return f"{_number(records['received'], 'record')}: {', '.join(told) or 'none'}"


def totals_line(totals: Mapping[str, int]) -> str:
    """Return what came of them: `12 triggers for 4 accounts; 3 decisions not to fire`."""
    parts = [
        f"{_number(totals['fired'], 'trigger')} of {_number(totals['accounts'], 'account')}",
        f"{_number(totals['silent'], 'decision')} not to fire",
    ]
    parts += [f"{totals['held']:,} held for a while"] if totals["held"] else []
    parts += [f"{totals['withdrawn']:,} withdrawn"] if totals["withdrawn"] else []
    parts += [f"{_number(totals['shadow'], 'trigger')} of shadow rules"] if totals["shadow"] else []
    return "; ".join(parts)


def days_between(days: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    """Return the place of each of these days in the course of time, those between them counted."""
    first = parse_day(days[0]["day"]) if days else 0
    return {day["day"]: parse_day(day["day"]) - first for day in days}


def _number(number: int, noun: str) -> str:
    return f"{number:,} {counted(noun, one=number == 1)}"
