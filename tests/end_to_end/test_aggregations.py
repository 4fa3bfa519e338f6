"""Meters of every kind, and levels that come with a profile, seen from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import PUBLISHED, SIGNALS, TRIGGERS, Deployment
from outside.product import usage_event, written
from outside.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

SAVED, SCANNED = "com.acme.file.saved", "com.acme.page.scanned"


class Seen(NamedTuple):
    triggers: dict[str, list[dict[str, Any]]]
    published: list[Found]


def saved(account: str, user: str, gb: str, on_disk: str) -> dict[str, Any]:
    return usage_event(account, 0, type=SAVED, data={"user": user, "gb": gb, "on_disk": on_disk})


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("aggregations")) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product
        triggers = deployment.topic(TRIGGERS)

        product.profile("saves", "free")
        for event in (
            saved("saves", "ann", "1.2", "1.2"),
            saved("saves", "bob", "0.9", "4.5"),
            saved("saves", "ann", "1.3", "0.8"),
            saved("saves", "cas", "0.1", "0.9"),
        ):
            product.send(event)
            worker.until_settled(len(product.sent))

        product.profile("scans", "free")
        now = datetime.now(UTC)
        for times in ([now - timedelta(hours=2)] * 4, [now]):
            product.send(*(usage_event("scans", 0, type=SCANNED, data={}, time=time) for time in times))
            worker.until_settled(len(product.sent))

        adopted = {"api_calls": {"value": "850", "as_of": written(datetime.now(UTC))}}
        product.profile("adopts", "free", usage=adopted)
        product.profile("adopts-later", "free")
        product.send(usage_event("adopts-later", 10))
        worker.until_settled(len(product.sent))
        product.profile("adopts-later", "free", version=2, usage=adopted)
        # What is used in the hour of a baseline before its profile arrives is taken to be in it.
        deployment.topic(SIGNALS).until(lambda record: "usage" in (record.event["data"].get("to") or {}), count=2)
        product.send(usage_event("adopts", 100), usage_event("adopts-later", 100))
        worker.until_settled(len(product.sent))
        product.send(usage_event("adopts", 60), usage_event("adopts-later", 60))
        triggers.until(lambda record: record.event["subject"].startswith("adopts"), count=2)

        worker.until_settled(len(product.sent))
        found: dict[str, list[dict[str, Any]]] = {}
        for record in deployment.triggers():
            found.setdefault(record.event["subject"], []).append(record.event["data"])
        yield Seen(found, [record for topic in PUBLISHED for record in deployment.records(topic)])


def of_rule(seen: Seen, rule: str) -> list[tuple[str, list[str]]]:
    """Return usage and what was crossed, for each trigger of the account that saves files."""
    return [
        (each["usage"], [crossed["value"] for crossed in each["crossed"]])
        for each in seen.triggers["saves"]
        if each["rule"]["id"] == rule
    ]


def test_the_largest_file_fires_and_a_smaller_one_after_it_is_silent(seen: Seen) -> None:
    assert of_rule(seen, "largest-file") == [("1.2", ["50"])]


def test_the_latest_level_fires_where_it_stands_over_its_threshold(seen: Seen) -> None:
    assert of_rule(seen, "disk") == [("4.5", ["80"])]


def test_a_user_who_comes_again_is_no_further_user(seen: Seen) -> None:
    assert of_rule(seen, "savers") == [("3", ["100"])]


def test_a_rule_with_a_shorter_age_than_another_of_its_meter_fires_only_what_is_young_enough_for_it(seen: Seen) -> None:
    fired = [(each["rule"]["id"], [at["value"] for at in each["crossed"]]) for each in seen.triggers["scans"]]
    assert sorted(fired) == [("scans-late", ["100"]), ("scans-late", ["80"]), ("scans-promptly", ["100"])]


@pytest.mark.parametrize("account", ["adopts", "adopts-later"])
def test_what_a_baseline_passes_is_already_past_and_the_next_threshold_fires(seen: Seen, account: str) -> None:
    found = [([crossed["value"] for crossed in each["crossed"]], each["usage"]) for each in seen.triggers[account]]
    assert found == [(["100"], "1010")]


def test_everything_that_was_published_fits_its_schema(seen: Seen) -> None:
    assert [wrong for record in seen.published for wrong in violations(record)] == []
