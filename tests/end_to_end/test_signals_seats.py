"""Seats, seen from outside: a sixth person is invited to a plan of five seats."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

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

SEATS = "expansion-seat-limit"
ACCOUNT, NOW = "acct-1", datetime.now(UTC)
FILES = {
    "catalog.yaml": """
currency: USD
features:
  seats: {meter: seats}
plans:
  - {key: free, price: "0", includes: {seats: {limit: 5}}}
  - {key: pro, price: "49", includes: {seats: {limit: 10}}}
""",
    "rules.yaml": """
rules:
  - {id: seats, signal: seat_limit_approached, at: [80%, 100%]}
  - {id: seat-invite, signal: seat_limit_invited}
  - {id: last-seat, signal: seat_limit_last_taken}
""",
}


def happened(kind: str, after: int = 0, **data: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a built-in event of the account, so many seconds after the first."""
    time = NOW + timedelta(seconds=after - 120)
    return usage_event(ACCOUNT, 0, type=f"expansion.{kind}.v1", time=time, data=data)


class Seen(NamedTuple):
    triggers: list[Found]
    signals: list[Found]
    decisions: list[Found]
    shown: dict[str, Any]
    printed: str


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("seats")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker = deployment.worker().start().until_ready()
        deployment.product.profile(ACCOUNT, "free", members=["ada", "bob", "cyd", "dan"])
        deployment.topic(SIGNALS).until(lambda _: True)
        sixth = happened("seat.invited", 20, invite="i-6", user="ada", invitee="flo")
        sent = [
            happened("seat.invited", 0, invite="i-5", user="ada", invitee="eve"),
            happened("seat.invited", 10, invite="i-guest", user="ada", guest=True),
            sixth,
            sixth,
            happened("seat.invited", 30, invite="i-6", user="ada", invitee="flo"),
            happened("seat.invited", 40, invite="i-7", user="ada", blocked=True),
            happened("invite.revoked", 50, invite="i-6"),
            happened("seat.activated", 60, member="eve", invite="i-5"),
        ]
        deployment.product.send(*sent)
        worker.until_settled(len(sent))
        show = [command(deployment.settings, "account", "show", ACCOUNT, *json) for json in ((), ("--json",))]
        records = (deployment.records(topic) for topic in (SIGNALS, DECISIONS))
        yield Seen(deployment.triggers(SEATS), *records, json.loads(show[1].stdout), show[0].stdout)


def of(records: list[Found], kind: str) -> list[dict[str, Any]]:
    return [record.event["data"] for record in records if record.event["type"].endswith(f"{kind}.v1")]


def test_the_sixth_person_fires_once(seen: Seen) -> None:
    assert [
        (data["invite"], data["used"], data["pending"], data["allowance"], data["invites"])
        for data in of(seen.triggers, "seat_limit.invited")
    ] == [("i-6", "6", "2", "5", 1)]


def test_the_next_of_the_burst_is_superseded_and_names_the_first(seen: Seen) -> None:
    (first,) = [record.event["id"] for record in seen.triggers if record.event["data"].get("invite") == "i-6"]
    assert [
        (data["trigger"], data["reason"]) for data in of(seen.decisions, "made") if data["decision"] == "superseded"
    ] == [(first, "burst")]


def test_the_last_seat_is_told_once(seen: Seen) -> None:
    assert [data["used"] for data in of(seen.triggers, "seat_limit.last_taken")] == ["5"]


def test_both_thresholds_are_approached(seen: Seen) -> None:
    assert [
        (data["threshold"]["value"], data["cause"], data["utilization"])
        for data in of(seen.triggers, "seat_limit.approached")
    ] == [("80", "profile_arrived", "0.8"), ("100", "usage", "1")]


def test_a_seat_trigger_lasts_a_day(seen: Seen) -> None:
    lasts = {
        datetime.fromisoformat(trigger.event["expirytime"]) - datetime.fromisoformat(trigger.event["time"])
        for trigger in seen.triggers
    }
    assert lasts == {timedelta(days=1)}


def test_every_record_fulfils_its_schemas(seen: Seen) -> None:
    records = (*seen.triggers, *seen.signals, *seen.decisions)
    assert [wrong for record in records for wrong in violations(record)] == []


def test_account_show_tells_the_seats(seen: Seen) -> None:
    seats = seen.shown["seats"]
    assert (seats["used"], seats["members"], seats["pending"], seats["allowance"]) == ("5", "5", "0", "5")


def test_account_show_tells_where_thresholds_stand(seen: Seen) -> None:
    assert [(each["written"], each["state"]) for each in seen.shown["seats"]["thresholds"]] == [
        ("80%", "fired"),
        ("100%", "fired"),
    ]


def test_a_person_reads_the_seats(seen: Seen) -> None:
    assert "seats  5 of 5 seats (100 %)" in seen.printed
