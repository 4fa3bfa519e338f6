"""Usage split by dimensions, seen from outside: sent by a product, counted by a worker, read with `account show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import SIGNALS, TRIGGERS, Deployment
from outside.product import usage_event
from outside.worker import command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

ACCOUNT, EXPORTED, VALUES_KEPT = "acct-1", "com.acme.report.exported", 100
FILES = {
    "catalog.yaml": """
currency: USD
meters:
  api_calls:
    event: expansion.usage.recorded.v1
    where: {meter: api_calls}
    aggregation: sum
    value: value
    precision: 1
    unit: call
    dimensions: [region, model]
  calls_eu:
    event: expansion.usage.recorded.v1
    where: {meter: api_calls, dimensions.region: eu}
    aggregation: sum
    value: value
    precision: 1
    unit: call
  exports: {event: com.acme.report.exported, aggregation: count, per: day, unit: export, dimensions: [format]}
  exporters: {event: com.acme.report.exported, aggregation: unique, value: user, unit: user}
features:
  api_calls: {meter: api_calls}
  calls_eu: {meter: calls_eu}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, calls_eu: {limit: 20}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 2000}, calls_eu: {limit: 200}}}
""",
    "rules.yaml": "rules: [{id: eu-quota, signal: limit_reached, meter: calls_eu, at: [50%]}]\n",
}


class Seen(NamedTuple):
    counters: dict[str, dict[str, Any]]
    text: str
    usage: str


def called(value: str, **dimensions: str) -> dict[str, Any]:
    return usage_event(ACCOUNT, 0, data={"meter": "api_calls", "value": value, "dimensions": dimensions})


def exported(number: int) -> dict[str, Any]:
    return usage_event(ACCOUNT, 0, type=EXPORTED, data={"user": f"u-{number % 7}", "format": f"f{number}"})


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("dimensions")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    with Deployment(kafka.bootstrap, redis_server.url, directory, further={"CONFIG": str(directory)}) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product
        product.profile(ACCOUNT, "free")
        deployment.topic(SIGNALS).until(lambda record: record.event["type"].endswith("account.changed.v1"))
        product.send(called("2.5", region="eu", model="m-1"), called("4", region="us"), called("1.5"))
        worker.until_settled(3)
        product.send(called("8", region="eu", model="m-1"), called("0.5", model="x" * 500))
        product.send(*(exported(number) for number in range(VALUES_KEPT + 3)))
        worker.until_settled(len(product.sent))
        [trigger] = deployment.topic(TRIGGERS).until(lambda _: True)
        shown = command(deployment.settings, "account", "show", ACCOUNT, "--json")
        assert shown.returncode == 0, shown.stderr
        text = command(deployment.settings, "account", "show", ACCOUNT)
        yield Seen(
            {each["meter"]: each for each in json.loads(shown.stdout)["counters"]},
            text.stdout,
            trigger.event["data"]["usage"],
        )


def test_the_total_is_of_all_usage_and_a_share_of_its_value(seen: Seen) -> None:
    calls = seen.counters["api_calls"]
    regions = [{"value": "eu", "usage": "10.5"}, {"value": "us", "usage": "4"}]
    assert (calls["usage"], calls["dimensions"]["region"]) == ("16.5", regions)


def test_a_long_value_is_kept_short(seen: Seen) -> None:
    _, long = seen.counters["api_calls"]["dimensions"]["model"]
    assert (long["usage"], len(long["value"])) == ("0.5", 40)


def test_a_hundred_values_are_kept_and_the_rest_is_other(seen: Seen) -> None:
    formats = seen.counters["exports"]["dimensions"]["format"]
    assert (len(formats), formats[0]) == (VALUES_KEPT + 1, {"value": "other", "usage": "3"})


def test_one_value_has_a_limit_through_a_meter_of_its_own(seen: Seen) -> None:
    assert (seen.counters["calls_eu"]["usage"], seen.usage) == ("10.5", "10.5")


def test_who_was_active_is_told_of_a_unique_meter(seen: Seen) -> None:
    assert seen.counters["exporters"]["active"] == [
        {"days": days, "members": 7, "approximate": False} for days in (7, 30)
    ]


def test_a_person_reads_the_split_and_who_was_active(seen: Seen) -> None:
    words = " ".join(seen.text.split())
    assert "by region eu 10.5 calls us 4 calls" in words
    assert "by format, 10 highest of 101 values other 3 exports" in words
    assert "active within 7 days: 7, within 30 days: 7" in words
