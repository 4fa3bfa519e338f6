"""A product's own event through the whole pipeline: it fires a gate, and its records end in the right tally."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from expansion_signals.model.events import ACCOUNT_UPDATED
from expansion_signals.model.instants import MINUTE, format_instant, parse_instant
from expansion_signals.rules.loading import load
from expansion_signals.testing.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.records import Outgoing

TEXTS = {
    "catalog.yaml": """
currency: USD
meters:
  paywalls: {event: com.acme.paywall.shown, where: {screen: export}, aggregation: count, unit: paywall}
  walls_of_sso: {event: com.acme.paywall.shown, where: {screen: sso}, aggregation: count, unit: paywall}
features: {sso: {}, dashboards: {}, walls: {meter: walls_of_sso}}
plans:
  - {key: free, price: "0", includes: {dashboards: true, walls: {limit: 2}}}
  - {key: pro, price: "49", includes: {dashboards: true, walls: {limit: 200}, sso: true}}
""",
    "rules.yaml": """
rules:
  - id: sso
    signal: feature_gated
    feature: sso
    event: com.acme.paywall.shown
    where: {screen: sso}
    user: viewer
  - {id: boards, signal: feature_gated, feature: dashboards, event: com.acme.board.opened, user: viewer, attempts: 1}
  - {id: uses, signal: use_case_added, attempts: 1}
  - {id: walls, signal: limit_reached, meter: walls_of_sso, at: [100%]}
""",
}
START = parse_instant("2026-11-22T10:00:00Z")
PAYWALL, BOARD, USED = "com.acme.paywall.shown", "com.acme.board.opened", "expansion.feature.used.v1"


class Played(NamedTuple):
    triggers: list[Mapping[str, Any]]
    tally: Mapping[str, int]

    @property
    def types(self) -> list[str]:
        return [trigger["type"] for trigger in self.triggers]


def line(number: int, kind: str, data: Mapping[str, object], after: int = 0) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": "/apps/web",
            "type": kind,
            "subject": "acct-1",
            "time": format_instant(START + number * MINUTE + after),
            "data": data,
        }
    ).encode()


def played(*events: tuple[str, Mapping[str, object]]) -> Played:
    """Play these events of an account on `free`, a minute apart."""
    profile = line(0, ACCOUNT_UPDATED, {"version": 1, "plan": "free"})
    return asyncio.run(_played([profile, *(line(number, *event) for number, event in enumerate(events, 1))]))


async def _played(lines: list[bytes]) -> Played:
    rehearsal = Rehearsal(load(TEXTS))
    published: list[Outgoing] = [record for each in lines for record in await rehearsal.play(each)]
    others = ("expansion-signals", "expansion-decisions", "usage-events-dlq")
    triggers = [json.loads(record.value or b"") for record in published if record.topic not in others]
    return Played(triggers, (await rehearsal.tallies())["usage-events"])


def test_a_products_own_event_fires_a_gate() -> None:
    run = played((PAYWALL, {"screen": "sso", "viewer": "ada"}), (PAYWALL, {"screen": "sso", "viewer": "bob"}))
    gated = [trigger for trigger in run.triggers if trigger["type"] == "expansion.feature.gated.v1"]
    assert [(each["causationid"], each["data"]["feature"], each["data"]["user"]) for each in gated] == [
        ("e-2", "sso", "bob")
    ]


def test_one_event_feeds_a_meter_and_a_gate() -> None:
    run = played((PAYWALL, {"screen": "sso", "viewer": "ada"}), (PAYWALL, {"screen": "sso", "viewer": "bob"}))
    assert set(run.types) == {"expansion.feature.gated.v1", "expansion.limit.reached.v1"}


@pytest.mark.parametrize(
    ("kind", "data", "tally"),
    [
        (PAYWALL, {"screen": "sso", "viewer": "ada"}, "counted"),
        (PAYWALL, {"screen": "export"}, "counted"),
        (PAYWALL, {"screen": "login", "viewer": "ada"}, "unmatched"),
        (PAYWALL, {"screen": "sso", "user": "ada"}, "dead_lettered"),
        (BOARD, {"viewer": "ada"}, "counted"),
        (BOARD, {}, "dead_lettered"),
        ("com.acme.board.closed", {"viewer": "ada"}, "unmatched"),
    ],
    ids=["of a gate", "of a meter", "of neither", "of nobody", "on what is included", "of nobody there", "of no rule"],
)
def test_a_record_is_in_one_tally(kind: str, data: Mapping[str, object], tally: str) -> None:
    run = played((kind, data))
    assert {name for name, number in run.tally.items() if number} == {tally}


def test_an_attempt_on_what_the_plan_includes_is_a_use_of_it_and_no_gated_attempt() -> None:
    rehearsal = Rehearsal(load(TEXTS))

    async def weeks() -> list[Mapping[str, Any]]:
        lines = [
            line(0, ACCOUNT_UPDATED, {"version": 1, "plan": "free"}),
            line(1, USED, {"feature": "sso", "user": "ada"}),
            line(2, BOARD, {"viewer": "ada"}, after=20 * 24 * 60 * MINUTE),
        ]
        published = [record for each in lines for record in await rehearsal.play(each)]
        return [json.loads(each.value or b"") for each in published if each.topic == "expansion-account-trend"]

    assert [trigger["data"]["features"] for trigger in asyncio.run(weeks())] == [["dashboards"]]
