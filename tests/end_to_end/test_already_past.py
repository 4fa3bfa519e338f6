"""What was past when it was found is decided as that, with the reason, and nothing is sent: seen from outside."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import CONFIGURATION, DECISIONS, SIGNALS, TRIGGERS, Deployment
from outside.product import usage_event, written
from outside.schemas import violations
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

GATES = "expansion-feature-gated"
RULES = """
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: gates, signal: feature_gated, feature: "*", attempts: 1}
"""
PAST = {
    "imports": ["backfill"],
    "adopts": ["backfill"],
    "is-late": ["too_old_to_fire"],
    "is-told-of-a-new-rule": ["rule_added"],
    "was-late-at-the-gate": ["too_old_to_fire"],
}
"""Why what each account reached was past."""


class Seen(NamedTuple):
    decisions: Sequence[Found]
    triggers: Sequence[Found]
    signals: Sequence[Found]

    def decided(self, account: str) -> list[tuple[str, list[str]]]:
        found = [each.event["data"] for each in self.decisions if each.event["subject"] == account]
        return [(data["decision"], data["reasons"]) for data in found]


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = shutil.copytree(CONFIGURATION, tmp_path_factory.mktemp("past") / "configuration")
    catalog, rules = directory / "catalog.yaml", directory / "rules.yaml"
    catalog.write_text(with_a_feature(catalog.read_text()))
    rules.write_text(RULES)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product

        def happen(*events: dict[str, Any]) -> None:
            product.send(*events)
            worker.until_settled(len(product.sent))

        long_ago = datetime.now(UTC) - timedelta(hours=2)
        baseline = {"api_calls": {"value": "850", "as_of": written(datetime.now(UTC))}}
        for account in PAST:
            product.profile(account, "free", **({"usage": baseline} if account == "adopts" else {}))
        deployment.topic(SIGNALS).until(lambda record: "account.changed" in record.event["type"], count=len(PAST))
        attempt = {"type": "expansion.feature.attempted.v1", "data": {"feature": "sso", "user": "ada"}}
        happen(
            usage_event("imports", 850, backfill=True),
            usage_event("is-late", 850, time=long_ago),
            usage_event("is-told-of-a-new-rule", 600),
            usage_event("was-late-at-the-gate", 0, time=long_ago, **attempt),
        )
        rules.write_text(RULES.replace("at: [80%", "at: [50%, 80%"))
        until(lambda: "rule api-quota: changed" in worker.log(), seconds=30, waiting_for="the rules to be taken")
        happen(*(usage_event(account, 1) for account in PAST))
        happen(*(usage_event(account, 300) for account in ("imports", "adopts", "is-late", "is-told-of-a-new-rule")))
        triggers = [*deployment.records(TRIGGERS), *deployment.records(GATES)]
        yield Seen(deployment.records(DECISIONS), triggers, deployment.records(SIGNALS))


def with_a_feature(catalog: str) -> str:
    """Return a catalog whose plan `pro` has `sso`."""
    return catalog.replace("features:\n", "features:\n  sso: {}\n", 1).replace(
        "api_calls: {limit: 2000, kind: soft}", "sso: true, api_calls: {limit: 2000, kind: soft}", 1
    )


@pytest.mark.parametrize("account", PAST)
def test_what_was_past_is_decided_as_that_with_its_reason(seen: Seen, account: str) -> None:
    assert seen.decided(account)[0] == ("already_past", PAST[account])


@pytest.mark.parametrize("account", PAST)
def test_what_was_past_is_on_no_topic_of_triggers(seen: Seen, account: str) -> None:
    past = {
        each.event["data"]["trigger"]
        for each in seen.decisions
        if each.event["subject"] == account and each.event["data"]["decision"] == "already_past"
    }
    assert (bool(past), past & {each.event["id"] for each in seen.triggers}) == (True, set())


@pytest.mark.parametrize("account", ["imports", "adopts", "is-late"])
def test_the_next_threshold_fires(seen: Seen, account: str) -> None:
    crossed = [each.event["data"]["crossed"] for each in seen.triggers if each.event["subject"] == account]
    assert crossed == [[{"kind": "percent", "value": "100"}]]


def test_above_a_rule_that_was_added_the_next_threshold_fires(seen: Seen) -> None:
    told = [each.event["data"] for each in seen.triggers if each.event["subject"] == "is-told-of-a-new-rule"]
    assert [[way["value"] for way in data["crossed"]] for data in told] == [["80"]]


def test_each_decision_names_a_signal_that_says_that_it_was_past(seen: Seen) -> None:
    told = {each.event["id"]: each.event["data"].get("past") for each in seen.signals}
    decided = [each.event["data"] for each in seen.decisions]
    assert {data["signal"] for data in decided} <= told.keys()
    assert [told[data["signal"]] for data in decided if data["decision"] == "already_past"] == [
        data["reason"] for data in decided if data["decision"] == "already_past"
    ]


def test_every_record_fulfils_its_schemas(seen: Seen) -> None:
    assert [wrong for records in seen for record in records for wrong in violations(record)] == []
