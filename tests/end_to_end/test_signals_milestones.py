"""Milestones, rules with conditions, rules tried out and accounts held out, seen from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import DECISIONS, SIGNALS, TRIGGERS, Deployment
from outside.product import usage_event, written
from outside.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

MILESTONES, SHADOW = "expansion-usage-milestone", "expansion-shadow"
TYPE = "expansion.milestone.reached.v1"
FILES = {
    "catalog.yaml": """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count, unit: call}
  projects: {event: com.acme.project.created, aggregation: count, per: never, unit: project}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 10}}}
  - {key: pro, price: "49", includes: {calls: {limit: 10}}}
  - {key: business, price: "249", includes: {calls: {limit: 100}}}
""",
    "rules.yaml": """
rules:
  - {id: first-projects, signal: milestone, meter: projects, at: [2, 4, 6]}
  - {id: busy, signal: milestone, meter: calls, at: [12], max_firing_age: 2d}
  - {id: for-pro, signal: limit_reached, meter: calls, at: [80%], when: plan = pro}
  - {id: tried-out, signal: milestone, meter: projects, at: [3], shadow: true}
  - {id: compared, signal: milestone, meter: projects, at: [5], holdout: 100%}
""",
}


def created(account: str, **others: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return usage_event(account, 0, type="com.acme.project.created", data={}, **others)


def called(account: str, **others: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return usage_event(account, 0, type="com.acme.called", data={}, **others)


class Seen(NamedTuple):
    milestones: list[Found]
    limits: list[Found]
    shadow: list[Found]
    signals: list[Found]
    decisions: list[Found]


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("milestones")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product

        def happen(*events: dict[str, Any]) -> None:
            product.send(*events)
            worker.until_settled(len(product.sent))

        now = datetime.now(UTC)
        daily = {"unit": "day", "anchor": written(now - timedelta(hours=12))}
        for account in ("grows", "imports", "calls"):
            product.profile(account, "free", period=daily)
        deployment.topic(SIGNALS).until(lambda _: True, count=3)
        again = created("grows")
        happen(created("grows"), again, created("grows"), again)
        happen(created("grows"), created("grows"))
        happen(*[created("imports", backfill=True) for _ in range(6)])
        happen(created("imports"))
        happen(*[called("calls", time=now - timedelta(hours=20)) for _ in range(9)])
        happen(*[called("calls") for _ in range(9)])
        product.profile("calls", "pro", version=2, period=daily)
        deployment.topic(TRIGGERS).until(lambda _: True)
        worker.until_settled(len(product.sent))
        topics = (MILESTONES, TRIGGERS, SHADOW, SIGNALS, DECISIONS)
        yield Seen(*(deployment.records(topic) for topic in topics))


def told(records: list[Found], account: str, rule: str) -> list[tuple[str, list[str]]]:
    """Return usage and what was crossed, for each record of an account and a rule."""
    return [
        (found.event["data"]["usage"], [each["value"] for each in found.event["data"]["crossed"]])
        for found in records
        if found.event["subject"] == account and found.event["data"].get("rule", {}).get("id") == rule
    ]


def test_each_milestone_is_one_trigger_and_what_came_twice_is_counted_once(seen: Seen) -> None:
    assert told(seen.milestones, "grows", "first-projects") == [("3", ["2"]), ("5", ["4"])]


def test_what_is_imported_reaches_no_milestone(seen: Seen) -> None:
    assert told(seen.milestones, "imports", "first-projects") == []


def test_a_life_goes_on_over_its_periods(seen: Seen) -> None:
    assert told(seen.milestones, "calls", "busy") == [("18", ["12"])]


def test_what_was_reached_before_its_condition_was_true_fires_once_it_is(seen: Seen) -> None:
    assert told(seen.limits, "calls", "for-pro") == [("9", ["80"])]


def test_what_is_tried_out_is_on_the_shadow_topic_alone(seen: Seen) -> None:
    everywhere = [*seen.milestones, *seen.signals]
    assert (told(seen.shadow, "grows", "tried-out"), told(everywhere, "grows", "tried-out")) == ([("3", ["3"])], [])


def test_on_the_shadow_topic_stands_what_would_have_been_published(seen: Seen) -> None:
    assert {found.event["type"] for found in seen.shadow} == {TYPE}


def test_what_an_import_reached_is_already_past(seen: Seen) -> None:
    decided = [found.event["data"] for found in seen.decisions if found.event["subject"] == "imports"]
    assert {(each["decision"], each["reason"]) for each in decided} == {("already_past", "backfill")}


def test_what_is_held_out_is_decided_and_not_sent(seen: Seen) -> None:
    decided = [
        (found.event["data"]["decision"], found.event["data"]["reason"])
        for found in seen.decisions
        if (found.event["subject"], found.event["data"]["rule"]["id"]) == ("grows", "compared")
    ]
    assert (decided, told(seen.milestones, "grows", "compared")) == ([("suppressed", "holdout")], [])


def test_everything_is_as_its_schema_says(seen: Seen) -> None:
    assert [problem for records in seen for record in records for problem in violations(record)] == []
