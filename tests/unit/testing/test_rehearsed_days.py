"""Weeks of days in a rehearsal: time passes by events, and each closed day is looked at as a worker would."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.model.instants import DAY, HOUR, MINUTE, format_instant, parse_instant
from expansion_signals.rules.loading import load
from expansion_signals.testing.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = {
    "catalog.yaml": """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: sum, value: value, unit: call}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 5000}}}
  - {key: open, price: "49", includes: {calls: unlimited}}
""",
    "rules.yaml": """
rules:
  - {id: growth, signal: usage_accelerated}
  - {id: fall, signal: usage_declined}
  - {id: running-out, signal: usage_run_out_forecast}
  - {id: renewals, signal: renewal_near, within: 30d}
  - {id: power, signal: power_user_reached}
""",
}
BEGIN = parse_instant("2026-09-01T00:00:00Z")
DAYS = 70
CROWD = tuple(f"crowd-{number:02}" for number in range(18))


def uses(account: str, day: int) -> int:
    """Return the calls of an account on a day, counted from the beginning."""
    match account:
        case "growing":
            return 100 if day < 30 else 150
        case "falling":
            return 100 if day < 35 else 60
        case "filling":
            return 200
        case _:
            return 10


def recorded() -> Iterator[bytes]:
    """Yield what a product sends: who they are, and each day at noon what they used."""
    accounts = ("growing", "falling", "filling", *CROWD)
    for account in accounts:
        plan = "free" if account == "filling" else "open"
        yield event(account, "expansion.account.updated.v1", BEGIN + 1, profile(plan, account))
    for day in range(DAYS):
        for account in accounts:
            yield event(account, "com.acme.called", BEGIN + day * DAY + 12 * HOUR, {"value": uses(account, day)})


def profile(plan: str, account: str) -> dict[str, Any]:
    renewal = {"renewal_at": format_instant(BEGIN + 60 * DAY)} if account == CROWD[0] else {}
    return {"version": 1, "plan": plan, "period": {"unit": "month", "anchor": format_instant(BEGIN)}, **renewal}


def event(account: str, kind: str, time: int, content: dict[str, Any]) -> bytes:
    attributes = {"specversion": "1.0", "id": f"{account}-{time}", "source": "/test", "type": kind, "subject": account}
    return json.dumps({**attributes, "time": format_instant(time), "data": content}).encode()


async def play() -> list[dict[str, Any]]:
    rehearsal, published = Rehearsal(load(TEXTS)), []
    for line in recorded():
        published += await rehearsal.play(line)
    return [
        json.loads(record.value or b"{}")
        for record in published
        if record.topic.startswith(("expansion-account-trend", "expansion-contraction"))
    ]


@pytest.fixture(scope="module")
def triggers() -> list[dict[str, Any]]:
    return asyncio.run(play())


def days_told(triggers: list[dict[str, Any]], account: str, kind: str) -> list[int]:
    """Return the closed days, counted from the beginning, of which an account's triggers of a kind tell."""
    times = [each["time"] for each in triggers if (each["subject"], each["type"]) == (account, f"expansion.{kind}.v1")]
    return [(parse_instant(time) - MINUTE - BEGIN) // DAY for time in times]


def test_growth_is_told_on_the_first_day_above_ten_percent_and_a_week_later(triggers: list[dict[str, Any]]) -> None:
    # From day 30 on it is 150: on 2 of 7 days that is 14 % more. A week later the week is 31 % above the one before;
    # after one more both are the same.
    assert days_told(triggers, "growing", "usage.accelerated") == [31, 38]


def test_a_fall_is_told_once_a_month_of_days_is_low_enough(triggers: list[dict[str, Any]]) -> None:
    # Of 30 days, 23 at 60 and 7 at 100 are 2,080: 30.67 % below 3,000, on day 59. The first day of all may not have
    # been whole, so the 30 days before those are known to be a day later.
    assert days_told(triggers, "falling", "usage.declined") == [60]


def test_a_limit_that_will_be_reached_is_told_once_in_each_period(triggers: list[dict[str, Any]]) -> None:
    # First when 7 days are complete; then when the last day of a period has closed, so that the next one runs.
    assert days_told(triggers, "filling", "usage.run_out_forecast") == [6, 29, 60]


def test_a_renewal_is_told_thirty_days_before(triggers: list[dict[str, Any]]) -> None:
    [day] = days_told(triggers, CROWD[0], "renewal.near")
    assert day in (29, 30)


def test_of_twenty_accounts_the_two_that_use_most_are_power_users_each_week(triggers: list[dict[str, Any]]) -> None:
    told = {each["subject"] for each in triggers if each["type"] == "expansion.power_user.reached.v1"}
    weekly = list(range(0, DAYS - 1, 7))
    assert (told, days_told(triggers, "growing", "power_user.reached")) == ({"growing", "falling"}, weekly)


def test_no_trigger_is_told_twice(triggers: list[dict[str, Any]]) -> None:
    ids = [each["id"] for each in triggers]
    assert len(ids) == len(set(ids))
