"""Signals from single events and from counts of them, seen from outside: events in, signals and triggers out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import DECISIONS, SIGNALS, Deployment
from outside.product import usage_event
from outside.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

TREND, RETENTION = "expansion-account-trend", "expansion-contraction-risk"
ACCOUNT, LEAVING = "acct-1", "acct-2"
"""After its request to cancel an account is asked nothing for a while, so that one is another's."""

LONG_AGO = timedelta(hours=6)
"""Further back than the windows of 3 hours below reach: what was there before."""

FILES = {
    "catalog.yaml": """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
features:
  api_calls: {meter: api_calls}
  sso: {}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 2000}, sso: true}}
""",
    "rules.yaml": """
rules:
  - {id: hits, signal: limit_hit, meter: api_calls}
  - {id: leaving, signal: cancel_requested}
  - {id: integrations, signal: integration_connected}
  - {id: administration, signal: admin_feature_requested}
  - {id: asked-for, signal: product_requested}
  - {id: interest, signal: interest_grown}
  - {id: exports, signal: workflow_gap_found}
  - {id: sharing, signal: sharing_grown}
  - {id: team, signal: team_grown}
  - {id: networks, signal: network_added}
  - {id: regions, signal: region_added, within: 3h}
  - {id: use-cases, signal: use_case_added, within: 3h}
  - {id: tickets, signal: support_pattern_found}
""",
}


def happened(
    kind: str,
    /,
    *,
    account: str = ACCOUNT,
    before: timedelta = timedelta(),
    **data: Any,  # noqa: ANN401 -- any JSON
) -> dict[str, Any]:
    """Return a built-in event of the account."""
    time = datetime.now(UTC) - before
    return usage_event(account, 0, type=f"expansion.{kind}.v1", time=time, data={"user": "ada", **data})


def events() -> list[dict[str, Any]]:
    """Return what reaches every signal exactly once, and leaves another short of it."""
    return [
        happened("limit.hit", meter="api_calls"),
        happened("subscription.cancel_requested", account=LEAVING, reason="too expensive"),
        *[happened("integration.connected", integration="slack") for _ in range(2)],
        happened("feature.attempted", feature="sso"),
        happened("feedback.given", kind="request", product="analytics"),
        *[happened("interest.shown", product="analytics") for _ in range(3)],
        *[happened("interest.shown", product="billing") for _ in range(2)],
        *[happened("data.exported", destination="excel") for _ in range(5)],
        *[happened("content.shared", external=True) for _ in range(5)],
        *[happened("seat.invited", invite=f"i-{n}") for n in range(3)],
        *[happened("user.active", network=f"n-{n}") for n in range(3)],
        happened("user.active", region="emea", before=LONG_AGO),
        *[happened("user.active", region=region) for region in ("apac", "latam")],
        happened("feature.used", feature="tasks", before=LONG_AGO),
        *[happened("feature.used", feature=feature) for feature in ("exports", "api")],
        *[happened("support.ticket_opened", feature="sso") for _ in range(2)],
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
    directory = tmp_path_factory.mktemp("trend")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker = deployment.worker().start().until_ready()
        for account in (ACCOUNT, LEAVING):
            deployment.product.profile(account, "free")
        deployment.topic(SIGNALS).until(lambda _: True, count=2)
        sent = events()
        deployment.product.send(*sent, *sent[:3])
        worker.until_settled(len(sent) + 3)
        yield Seen(*(deployment.records(topic) for topic in (TREND, RETENTION, SIGNALS, DECISIONS)))


def kinds(records: list[Found], beginning: str = "expansion.") -> list[str]:
    return sorted(record.event["type"].removeprefix(beginning).removesuffix(".v1") for record in records)


def test_each_trend_is_one_trigger(seen: Seen) -> None:
    assert kinds(seen.trend) == [
        "admin_feature.requested",
        "integration.connected",
        "interest.grown",
        "network.added",
        "product.requested",
        "region.added",
        "sharing.grown",
        "support_pattern.found",
        "team.grown",
        "use_case.added",
        "workflow_gap.found",
    ]


def test_a_cancellation_is_a_matter_of_retention(seen: Seen) -> None:
    assert [(found.event["type"], found.event["data"]["reason"]) for found in seen.retention] == [
        ("expansion.cancel.requested.v1", "too expensive")
    ]


def test_a_hit_of_a_limit_is_a_signal_only(seen: Seen) -> None:
    told = set(kinds(seen.signals, "expansion.signal.")) - set(kinds([*seen.trend, *seen.retention]))
    assert told == {"account.changed", "limit.hit"}


def test_each_trigger_was_decided_once(seen: Seen) -> None:
    decided = sorted(found.event["data"]["trigger"] for found in seen.decisions)
    assert decided == sorted(found.event["id"] for found in [*seen.trend, *seen.retention])


def test_everything_is_as_its_schema_says(seen: Seen) -> None:
    assert [problem for records in seen for record in records for problem in violations(record)] == []
