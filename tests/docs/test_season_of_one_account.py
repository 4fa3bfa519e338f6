"""The season that docs/rules.md tells goes as told, and the trigger it shows is the one that comes of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from expansion_signals.detect.evidence_watches import EVIDENCE_WATCHES
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import parse_instant
from expansion_signals.rules.configuration import WatchRule
from watched_account import WatchedAccount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.model.signals import Signal

SECTION = (Path(__file__).parents[2] / "docs/rules.md").read_text().split("## Signals from events")[1].split("\n## ")[0]
ROW = re.compile(
    r"\| (?P<day>[\d-]{10}) \| (?P<times>\d+) \| `(?P<type>[^`]+)` \| `(?P<data>[^`]+)` \| (?P<told>.+) \|"
)


class Row(NamedTuple):
    """A row as the page tells it, and what came of it."""

    told: str
    found: list[Signal]


@pytest.fixture(scope="module")
def season() -> list[Row]:
    """Play the season on each watch."""
    accounts = [
        WatchedAccount(watch, [WatchRule(signal, "v1", signal) for signal in watch.signals])
        for watch in EVIDENCE_WATCHES
    ]
    rows = []
    for place, row in enumerate(ROW.finditer(SECTION)):
        found = [
            signal
            for _ in range(int(row["times"]))
            for watch, account in zip(EVIDENCE_WATCHES, accounts, strict=True)
            for signal in seen(watch.events, account, row, place)
            if signal.type != "reading"  # for deciding alone
        ]
        rows.append(Row(row["told"], found))
    return rows


def seen(types: Any, account: WatchedAccount, row: re.Match[str], place: int) -> Iterator[Signal]:  # noqa: ANN401 -- what a watch names
    """Let an account's watch see the event of a row, where it looks at its type."""
    kind, noon = f"expansion.{row['type']}.v1", parse_instant(f"{row['day']}T12:00:00Z")
    if kind in types:
        yield from account.sees(UsageEvent("/apps/web", str(place), kind, "acct-1", noon, json.loads(row["data"])))


def test_the_season_goes_as_told(season: list[Row]) -> None:
    told = [set(re.findall(r"`([a-z_]+\.[a-z_]+)`", row.told)) for row in season]
    assert [{signal.type for signal in row.found} for row in season] == told


def test_the_season_has_every_signal_of_the_table(season: list[Row]) -> None:
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", SECTION, re.MULTILINE))
    assert {signal.type.replace(".", "_") for row in season for signal in row.found} == listed


def test_the_trigger_shown_is_the_one_that_came_of_it(season: list[Row]) -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", SECTION, re.DOTALL)
    (found,) = [signal for row in season for signal in row.found if signal.type == "workflow_gap.found"]
    assert {name: value for name, value in found.data.items() if name != "account"} == json.loads(shown)
