"""Readings as metering writes them fit their schema, whatever is known of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from active_account import lead
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN
from rehearsed_account import RehearsedAccount

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema import Draft7Validator

SCHEMA = "expansion-signals/signal.reading.v1.schema.json"
EVERY_FACT = [*(f"{fact} > 0" for fact in DEFAULT_WITHIN), "utilization > 1% or seats_used > 0", "limit_hits > 0, 90m"]


@pytest.mark.parametrize("known", [{}, {"members": ["ada", "bob"], "nps": -20, "csat": "4.5"}], ids=["bare", "rich"])
async def test_what_is_written_fits(known: dict[str, object], validator: Callable[[str], Draft7Validator]) -> None:
    who = RehearsedAccount(lead(*EVERY_FACT))
    await who.known(-63 * DAY, **known)
    for day in range(-62, 1):
        await who.calls(10 + day % 7, day * DAY)
    await who.does("limit.hit", HOUR, meter="calls", user="ada", session="s-1")
    await who.does("feature.attempted", HOUR, feature="sso", user="bob")
    await who.does("feature.used", HOUR, feature="dashboards", user="bob")
    await who.does("support.ticket_opened", HOUR, sentiment=0.25)
    await who.does("feedback.given", HOUR, kind="nps", score=9)
    await who.does("seat.invited", 2 * HOUR, invite="i-1", user="ada")
    await who.stores(40, 2 * HOUR)
    await who.waits(2 * DAY)
    told = who.told("reading")
    assert {each["reason"] for each in told} == {"daily", "evidence"}
    assert [error.message for each in told for error in validator(SCHEMA).iter_errors(each)] == []
