"""Signals of closed days, seen from outside: days before are imported, and looked at within seconds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

from outside.deployment import DECISIONS, SIGNALS, Deployment
from outside.product import usage_event
from outside.schemas import violations
from outside.worker import command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

TREND, RETENTION = "expansion-account-trend", "expansion-contraction-risk"
NOW = datetime.now(UTC)

GROWING, LATE, FALLING, STORING, FILLING, RENEWING = (
    "growing",
    "known-late",
    "falling",
    "storing",
    "filling",
    "renewing",
)
KNOWN = (GROWING, FALLING, STORING, FILLING, RENEWING)

FILES = {
    "catalog.yaml": """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
  storage: {event: expansion.usage.recorded.v1, where: {meter: storage}, aggregation: sum, value: value, unit: GB}
features:
  api_calls: {meter: api_calls}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}}}
  - {key: open, price: "49", includes: {api_calls: unlimited}}
""",
    "rules.yaml": """
rules:
  - {id: growth, signal: usage_accelerated, meter: api_calls}
  - {id: fall, signal: usage_declined, meter: api_calls}
  - {id: data, signal: volume_grown}
  - {id: running-out, signal: usage_run_out_forecast, meter: api_calls}
  - {id: renewals, signal: renewal_near}
""",
}


def day(back: int) -> str:
    return (NOW - timedelta(days=back)).date().isoformat()


def totals() -> list[dict[str, object]]:
    """Return the days before: some grow by half in a week, one falls by half in a month, one fills its limit."""
    used = {
        (GROWING, "api_calls"): {back: 150 if back <= 7 else 100 for back in range(1, 41)},
        (LATE, "api_calls"): {back: 150 if back <= 7 else 100 for back in range(1, 41)},
        (FALLING, "api_calls"): {back: 50 if back <= 30 else 100 for back in range(1, 62)},
        (STORING, "storage"): {back: 30 if back <= 7 else 20 for back in range(1, 20)},
        (FILLING, "api_calls"): dict.fromkeys(range(1, 11), 60),
    }
    return [
        {"account": account, "meter": meter, "day": day(back), "value": value}
        for (account, meter), days in used.items()
        for back, value in days.items()
    ]


class Seen(NamedTuple):
    trend: list[Found]
    retention: list[Found]
    signals: list[Found]
    decisions: list[Found]


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("daily")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    lines = totals()
    (directory / "totals.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker = deployment.worker().start().until_ready()
        period = {"unit": "month", "anchor": f"{day(11)}T00:00:00Z"}
        for account in KNOWN:
            plan = "free" if account == FILLING else "open"
            renewal = {"renewal_at": f"{day(-30)}T00:00:00Z"} if account == RENEWING else {}
            deployment.product.profile(account, plan, period=period, **renewal)
        deployment.topic(SIGNALS).until(lambda record: "account.changed" in record.event["type"], count=len(KNOWN))
        imported = command(deployment.settings, "import", str(directory / "totals.jsonl"))
        assert imported.returncode == 0, imported.stderr
        deployment.product.profile(LATE, "open", period=period)
        deployment.product.send(*(usage_event(account, 1) for account in (*KNOWN, LATE)))
        deployment.topic(TREND).until(lambda _: True, count=5)
        deployment.topic(RETENTION).until(lambda _: True)
        worker.until_settled(len(lines) + len(KNOWN) + 1)
        yield Seen(*(deployment.records(topic) for topic in (TREND, RETENTION, SIGNALS, DECISIONS)))


def told(records: list[Found]) -> list[tuple[str, str]]:
    return sorted((found.event["subject"], found.event["type"]) for found in records)


def test_each_trend_is_one_trigger_of_its_account(seen: Seen) -> None:
    assert told(seen.trend) == [
        (FILLING, "expansion.usage.run_out_forecast.v1"),
        (GROWING, "expansion.usage.accelerated.v1"),
        (LATE, "expansion.usage.accelerated.v1"),
        (RENEWING, "expansion.renewal.near.v1"),
        (STORING, "expansion.volume.grown.v1"),
    ]


def test_a_fall_is_a_matter_of_retention(seen: Seen) -> None:
    assert told(seen.retention) == [(FALLING, "expansion.usage.declined.v1")]


def test_nobody_caused_them(seen: Seen) -> None:
    assert {found.event["data"]["user"] for found in [*seen.trend, *seen.retention]} == {None}


def test_each_trigger_has_one_decision_that_fired(seen: Seen) -> None:
    decided = sorted((each.event["data"]["trigger"], each.event["data"]["decision"]) for each in seen.decisions)
    assert decided == sorted((each.event["id"], "fired") for each in [*seen.trend, *seen.retention])


def test_what_is_published_fits_its_schema(seen: Seen) -> None:
    published = [*seen.trend, *seen.retention, *seen.signals]
    assert [wrong for record in published for wrong in violations(record)] == []
