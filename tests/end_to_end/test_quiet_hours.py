"""Quiet hours that end within minutes, by the time zone of the account: what waits is judged again when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import DECISIONS, TRIGGERS, Deployment
from outside.product import usage_event, written
from outside.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

SEATS = "expansion-seat-limit"
AHEAD, ZONE = timedelta(hours=6), "Etc/GMT-6"
"""Six hours ahead of UTC: it is quiet there, and not in UTC."""

SETTLED = timedelta(seconds=25)
"""From the start of the test until everything that is to be held is held."""

HELD = ("waits", "upgrades-meanwhile", "falls-meanwhile")
CATALOG = """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
features:
  api_calls: {meter: api_calls}
  seats: {meter: seats}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, seats: {limit: 1}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 5000}, seats: {limit: 10}}}
"""


def rules(until: datetime) -> str:
    """Return rules with quiet hours of two hours that end at this minute, six hours ahead of UTC."""
    local = until + AHEAD
    return f"""
policy: {{quiet_hours: {{from: "{local - timedelta(hours=2):%H:%M}", to: "{local:%H:%M}"}}}}
rules:
  - {{id: quota, signal: limit_reached, meter: api_calls, at: [80%]}}
  - {{id: seat-invite, signal: seat_limit_invited}}
"""


class Seen(NamedTuple):
    ends: datetime
    decisions: Sequence[Found]
    limits: Sequence[Found]
    seats: Sequence[Found]

    def decided(self, account: str) -> list[dict[str, Any]]:
        return [each.event["data"] for each in self.decisions if each.event["subject"] == account]

    def course(self, account: str) -> list[tuple[str, str | None]]:
        return [(decision["decision"], decision["reason"]) for decision in self.decided(account)]

    def told(self, account: str) -> list[dict[str, Any]]:
        return [each.event for each in self.limits if each.event["subject"] == account]


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("quiet")
    ends = (datetime.now(UTC) + SETTLED).replace(second=0, microsecond=0) + timedelta(minutes=1)
    (directory / "catalog.yaml").write_text(CATALOG)
    (directory / "rules.yaml").write_text(rules(ends))
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product
        for account in (*HELD, "invites"):
            product.profile(account, "free", time_zone=ZONE, members=["ada"])
        product.profile("lives-in-utc", "free")
        worker.until_told("account-updates", len(HELD) + 2)
        product.send(*(usage_event(account, 850) for account in (*HELD, "lives-in-utc")))
        invited = {"type": "expansion.seat.invited.v1", "data": {"invite": "i-1", "user": "ada"}}
        product.send(usage_event("invites", 0, **invited))
        worker.until_settled(len(product.sent))
        product.profile("upgrades-meanwhile", "pro", version=2, time_zone=ZONE, members=["ada"])
        product.send(usage_event("falls-meanwhile", -300))
        decisions, limits = deployment.topic(DECISIONS), deployment.topic(TRIGGERS)
        decisions.until(lambda record: record.event["data"]["decision"] == "superseded", count=2)
        limits.until(lambda record: record.key == b"waits", seconds=120)
        worker.until_settled(len(product.sent))
        yield Seen(ends, decisions.to_end(), limits.to_end(), deployment.records(SEATS))


@pytest.mark.parametrize("account", HELD)
def test_in_quiet_hours_a_limit_is_held_until_they_end(seen: Seen, account: str) -> None:
    held = seen.decided(account)[0]
    assert (held["decision"], held["reason"], held["until"]) == ("held", "quiet_hours", written(seen.ends))


def test_what_is_still_true_when_they_end_fires_then(seen: Seen) -> None:
    assert seen.course("waits") == [("held", "quiet_hours"), ("fired", None)]
    [trigger] = seen.told("waits")
    assert datetime.fromisoformat(trigger["recordedtime"]) >= seen.ends


def test_what_is_held_and_what_fires_then_is_one_trigger(seen: Seen) -> None:
    [trigger] = seen.told("waits")
    assert {decision["trigger"] for decision in seen.decided("waits")} == {trigger["id"]}


def test_who_upgrades_meanwhile_is_not_asked(seen: Seen) -> None:
    assert (seen.course("upgrades-meanwhile"), seen.told("upgrades-meanwhile")) == (
        [("held", "quiet_hours"), ("superseded", "upgraded")],
        [],
    )


def test_what_is_no_longer_true_is_no_longer_sent(seen: Seen) -> None:
    assert (seen.course("falls-meanwhile"), seen.told("falls-meanwhile")) == (
        [("held", "quiet_hours"), ("superseded", "need_gone")],
        [],
    )


def test_where_it_is_not_quiet_it_is_told_at_once(seen: Seen) -> None:
    assert seen.course("lives-in-utc") == [("fired", None)]


def test_an_invite_that_does_not_fit_is_told_at_any_hour(seen: Seen) -> None:
    assert (seen.course("invites"), len(seen.seats)) == ([("fired", None)], 1)


def test_every_record_fulfils_its_schemas(seen: Seen) -> None:
    records = (*seen.decisions, *seen.limits, *seen.seats)
    assert [wrong for record in records for wrong in violations(record)] == []
