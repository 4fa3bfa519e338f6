"""The table of a product's own events in `docs/rules.md` is what its rules make of them."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from documents import ROOT, blocks, rows, section
from expansion_signals.model.events import ACCOUNT_UPDATED
from expansion_signals.rules.loading import load
from expansion_signals.testing.rehearsal import Rehearsal

PAGE = ROOT / "docs/rules.md"
SECTION = section(PAGE, "## Gates fed by a product's own events")
ROWS = [row for row in rows(SECTION) if len(row) == 5]
CATALOG = """
currency: USD
features: {sso: {}}
plans: [{key: free, price: "0"}, {key: pro, price: "49", includes: {sso: true}}]
"""


def line(number: int, kind: str, data: object, time: str) -> bytes:
    kind = f"expansion.{kind}.v1" if kind == "feature.attempted" else kind
    attributes = {"specversion": "1.0", "id": f"e-{number}", "source": "/apps/web", "type": kind, "subject": "acct-1"}
    return json.dumps({**attributes, "time": f"2026-11-22T{time}Z", "data": data}).encode()


async def played() -> list[tuple[str, list[str]]]:
    """Return for each event of the table the tally that its record is in, and the signals of it."""
    [written] = [block for block in blocks(PAGE, "yaml") if block in SECTION]
    rehearsal = Rehearsal(load({"catalog.yaml": CATALOG, "rules.yaml": written}))
    await rehearsal.play(line(0, ACCOUNT_UPDATED, {"version": 1, "plan": "free"}, "09:00:00"))
    became, before = [], {"counted": 0}
    for number, (time, kind, data, *_) in enumerate(ROWS, 1):
        published = await rehearsal.play(line(number, kind.strip("`"), json.loads(data.strip("`")), time))
        signals = [json.loads(each.value or b"")["type"] for each in published if each.topic == "expansion-signals"]
        tallies = (await rehearsal.tallies())["usage-events"]
        [tally] = [name for name, count in tallies.items() if count != before.get(name, 0)]
        before = dict(tallies)
        became.append((tally, [each.removeprefix("expansion.signal.").removesuffix(".v1") for each in signals]))
    return became


@pytest.fixture(scope="module")
def became() -> list[tuple[str, list[str]]]:
    return asyncio.run(played())


def test_each_event_is_in_the_tally_that_the_table_says(became: list[tuple[str, list[str]]]) -> None:
    told = [{"dead letter": "dead_lettered"}.get(row[3], row[3]) for row in ROWS]
    assert [tally for tally, _ in became] == told


def test_each_event_publishes_what_the_table_says(became: list[tuple[str, list[str]]]) -> None:
    told = [re.findall(r"`(feature\.[a-z]+)`", row[4]) for row in ROWS]
    assert [signals for _, signals in became] == told
