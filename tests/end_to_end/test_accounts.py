"""What becomes of thresholds when the account changes under its usage, seen from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.counters import counters
from outside.deployment import PUBLISHED, SIGNALS, TRIGGERS, Deployment
from outside.product import usage_event
from outside.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outside.reading import Found, Topic
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers


class Seen(NamedTuple):
    triggers: dict[str, list[dict[str, Any]]]
    signals: list[dict[str, Any]]
    published: list[Found]
    levels: dict[str, int]
    metrics: str


def by_account(records: list[Found]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        found.setdefault(record.event["subject"], []).append(record.event)
    return found


def until_triggers(triggers: Topic, account: str, count: int) -> None:
    triggers.until(lambda record: record.key == account.encode() and not record.is_withdrawal, count=count)


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("accounts")) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product
        triggers, sent = deployment.topic(TRIGGERS), product.sent

        product.send(usage_event("unknown-first", 900))
        worker.until_settled(len(sent))
        product.profile("unknown-first", "free")
        until_triggers(triggers, "unknown-first", 1)

        product.profile("upgraded", "free")
        product.send(usage_event("upgraded", 1000))
        until_triggers(triggers, "upgraded", 1)
        product.profile("upgraded", "pro", version=2)
        deployment.topic(SIGNALS).until(
            lambda record: record.key == b"upgraded" and record.event["data"].get("to", {}).get("plan") == "pro"
        )
        product.send(usage_event("upgraded", 600))
        until_triggers(triggers, "upgraded", 2)

        product.profile("lowered", "pro")
        product.send(usage_event("lowered", 900))
        worker.until_settled(len(sent))
        product.profile("lowered", "free", version=2)
        until_triggers(triggers, "lowered", 1)

        product.profile("corrected", "free")
        product.send(usage_event("corrected", 820))
        until_triggers(triggers, "corrected", 1)
        product.send(usage_event("corrected", -100))
        worker.until_settled(len(sent))
        product.send(usage_event("corrected", 100))
        until_triggers(triggers, "corrected", 2)

        product.profile("flapping", "free")
        for value in (820, -30, 30, -30, 30):
            product.send(usage_event("flapping", value))
            worker.until_settled(len(sent))

        product.profile("unlimited", "enterprise")
        product.profile("told-twice", "free", version=3)
        product.send(usage_event("unlimited", 1_000_000), usage_event("told-twice", 850))
        until_triggers(triggers, "told-twice", 1)
        product.profile("told-twice", "free", version=3)
        product.profile("told-twice", "enterprise", version=2)
        product.send(usage_event("told-twice", 1))
        worker.until_settled(len(sent))

        product.profile("on-gold", "gold", limits={"cals": "5"})
        product.send(usage_event("on-gold", 5000))
        worker.until_settled(len(sent))

        published = [record for topic in PUBLISHED for record in deployment.records(topic)]
        found = {topic: [each for each in published if each.topic.endswith(topic)] for topic in PUBLISHED}
        yield Seen(
            by_account([record for record in found[TRIGGERS] if not record.is_withdrawal]),
            [record.event for record in found[SIGNALS]],
            published,
            counters(redis_server.url, deployment.prefix, {event["subject"] for event in sent}),
            worker.page("/metrics").body,
        )


def test_usage_before_the_profile_fires_when_the_profile_arrives(seen: Seen) -> None:
    (trigger,) = seen.triggers["unknown-first"]
    assert (trigger["data"]["cause"], trigger["data"]["usage"]) == ("profile_arrived", "900")


def test_usage_before_the_profile_is_in_the_counter(seen: Seen) -> None:
    assert seen.levels["unknown-first"] == 900


def test_an_upgrade_in_the_middle_of_a_period_arms_the_thresholds_again(seen: Seen) -> None:
    assert [(each["data"]["usage"], each["data"]["limit"]) for each in seen.triggers["upgraded"]] == [
        ("1000", "1000"),
        ("1600", "2000"),
    ]


def test_a_second_generation_is_another_trigger(seen: Seen) -> None:
    first, second = seen.triggers["upgraded"]
    assert first["id"] != second["id"]


def test_a_lowered_limit_fires_what_it_passes(seen: Seen) -> None:
    (trigger,) = seen.triggers["lowered"]
    assert (trigger["data"]["cause"], trigger["data"]["threshold"]["value"]) == ("limit_changed", "80")


def test_a_correction_and_a_new_rise_fire_a_second_generation(seen: Seen) -> None:
    first, second = seen.triggers["corrected"]
    assert (first["data"]["crossed"], first["id"] != second["id"]) == (second["data"]["crossed"], True)


def test_a_correction_below_the_lower_edge_is_told_as_a_signal(seen: Seen) -> None:
    recovered = [each["subject"] for each in seen.signals if each["type"] == "expansion.signal.limit.recovered.v1"]
    assert recovered == ["corrected"]


def test_flapping_at_the_line_fires_once(seen: Seen) -> None:
    assert len(seen.triggers["flapping"]) == 1


def test_an_unlimited_plan_fires_nothing(seen: Seen) -> None:
    assert "unlimited" not in seen.triggers


def test_usage_on_a_plan_that_nobody_sells_is_counted_and_fires_nothing(seen: Seen) -> None:
    assert (seen.levels["on-gold"], "on-gold" in seen.triggers) == (5000, False)


@pytest.mark.parametrize("what", ["of_unknown_plans", "with_unknown_names"])
def test_a_profile_that_names_what_nobody_sells_is_told(seen: Seen, what: str) -> None:
    assert f"expansion_signals_profiles_{what}_total 1.0" in seen.metrics.splitlines()


def test_an_account_update_told_again_or_too_late_changes_nothing(seen: Seen) -> None:
    assert len(seen.triggers["told-twice"]) == 1


def test_every_published_record_fulfils_its_schemas(seen: Seen) -> None:
    assert [wrong for record in seen.published for wrong in violations(record)] == []
