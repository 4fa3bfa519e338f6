"""The table of seats in `docs/rules.md` is what the watch makes of these events."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from expansion_signals.model.instants import parse_instant
from seated_account import START, SeatedAccount

PAGE = (Path(__file__).parents[2] / "docs/rules.md").read_text()
ROW = re.compile(r"\| (\d\d:\d\d:\d\d) \| `([a-z.]+)` \| `(\{.*?\})` \| (\d) \| (\d) \| (.*) \|")


class Row(NamedTuple):
    """One event of the table, and what the table says of it."""

    after: int
    noun: str
    told: dict[str, object]
    used: int
    pending: int
    published: str

    @property
    def kinds(self) -> list[str]:
        return re.findall(r"`([a-z_.]+)`", self.published)


ROWS = [
    Row(parse_instant(f"2026-11-22T{time}Z") - START, noun, json.loads(told), int(used), int(pending), published)
    for time, noun, told, used, pending, published in ROW.findall(PAGE)
]


def test_each_event_publishes_what_the_table_says() -> None:
    account = SeatedAccount(members=3)
    for member, name in zip("012", ("ada", "bob", "cyd"), strict=True):
        account.remove(f"m-{member}")
        account.activate(name)
    published = [[signal.type for signal in account.event(row.noun, row.after, **row.told)] for row in ROWS]
    assert published == [sorted(row.kinds) for row in ROWS]


def test_each_event_leaves_used_and_pending_what_the_table_says() -> None:
    account = SeatedAccount(members=3)
    for member, name in zip("012", ("ada", "bob", "cyd"), strict=True):
        account.remove(f"m-{member}")
        account.activate(name)
    counted = []
    for row in ROWS:
        account.event(row.noun, row.after, **row.told)
        counted.append((account.used, account.pending))
    assert counted == [(row.used, row.pending) for row in ROWS]
