"""What operators do to a running deployment: mute it, and erase people and accounts from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from redis import Redis as Client

from outside.deployment import DECISIONS, SIGNALS, TRIGGERS, Deployment
from outside.product import usage_event
from outside.worker import command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

ACCOUNT, NOW = "acct-1", datetime.now(UTC)
FILES = {
    "catalog.yaml": """
currency: USD
meters:
  calls:
    event: expansion.usage.recorded.v1
    where: {meter: calls}
    aggregation: sum
    value: value
    unit: call
    dimensions: [person]
  savers: {event: com.acme.file.saved, aggregation: unique, value: user, unit: user}
features:
  calls: {meter: calls}
  seats: {meter: seats}
  sso: {}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}, seats: {limit: 5}}}
  - {key: pro, price: "49", includes: {calls: {limit: 20000}, seats: {limit: 10}, sso: true}}
""",
    "rules.yaml": """
rules:
  - {id: quota, signal: limit_reached, meter: calls, at: [10%, 80%, 100%]}
  - {id: gates, signal: feature_gated, feature: "*"}
  - {id: seats, signal: seat_limit_approached, at: [80%]}
  - {id: sharing, signal: sharing_grown}
  - {id: uses, signal: use_case_added}
""",
}


def happened(kind: str, minute: int = 0, **data: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return an event of the account, so many minutes after the first."""
    full = kind if kind.startswith("com.") else f"expansion.{kind}.v1"
    return usage_event(ACCOUNT, 0, type=full, time=NOW + timedelta(minutes=minute - 30), data=data)


def used(value: int, minute: int, user: str = "zoe-4711") -> dict[str, Any]:
    """Return a use of the product."""
    return happened("usage.recorded", minute, meter="calls", value=str(value), user=user, dimensions={"person": user})


class Operated(NamedTuple):
    deployment: Deployment
    muted: list[dict[str, Any]]
    named_before: int
    named_after: int
    user: dict[str, Any]
    user_again: dict[str, Any]
    account: dict[str, Any]
    keys_after: list[str]
    shown_after: CompletedProcess[str]
    shown_anew: dict[str, Any]
    restarted_log: str

    def run(self, *arguments: str) -> CompletedProcess[str]:
        return command(self.deployment.settings, *arguments)


def everything(redis: str, prefix: str) -> list[str]:
    """Return whatever is kept of accounts, a key with its content a line."""
    lines = []
    with Client.from_url(redis) as client:
        for key in client.scan_iter(match=f"{prefix}es:{{[0-9]*", count=1_000):
            kind, name = client.type(key), key.decode()
            if name.split(":")[2] in ("a", "p", "o", "d", "b", "t", "h", "u", "s", "x", "pending", "due"):
                read = {b"string": "GET", b"hash": "HGETALL", b"set": "SMEMBERS", b"zset": "ZRANGE"}[kind]
                more = (0, -1) if kind == b"zset" else ()
                lines.append(f"{name} {client.execute_command(read, key, *more)!r}")
    return lines


@pytest.fixture(scope="module")
def operated(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operated]:
    directory = tmp_path_factory.mktemp("operators")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker = deployment.worker().start().until_ready()
        product, settings = deployment.product, deployment.settings
        product.profile(ACCOUNT, "free", members=["zoe-4711", "bob"], opted_out=["yan"])
        product.profile("acct-2", "free", members=["zoe-4711"])
        deployment.topic(SIGNALS).until(lambda _: True, count=2)
        # A rule for an account is silent, and everybody else is not.
        assert command(settings, "mute", "--rule", "quota", "--account", ACCOUNT, "--until", "1h").returncode == 0
        product.send(used(100, 1))
        deployment.topic(DECISIONS).until(lambda record: record.event["data"]["reason"] == "muted")
        muted = [record.event["data"] for record in deployment.records(DECISIONS)]
        assert command(settings, "mute", "--rule", "quota", "--account", ACCOUNT, "--off").returncode == 0
        product.send(used(700, 2))
        deployment.topic(TRIGGERS).until(lambda _: True)
        sent = [
            happened("feature.attempted", 3, feature="sso", user="zoe-4711"),
            happened("content.shared", 4, user="zoe-4711", recipient="x@example.com", external=True),
            happened("seat.invited", 5, invite="i-1", user="zoe-4711", invitee="zoe-4711"),
            happened("feature.used", 6, feature="dashboards", user="zoe-4711"),
            happened("com.acme.file.saved", 7, user="zoe-4711"),
        ]
        product.send(*sent)
        worker.until_settled(2 + len(sent))

        def named() -> int:
            return sum(
                "zoe-4711" in line for line in everything(redis_server.url, deployment.prefix) if ACCOUNT in line
            )

        before = named()
        user, again = (
            json.loads(command(settings, "user", "forget", ACCOUNT, "zoe-4711", "--yes", "--json").stdout)
            for _ in range(2)
        )
        after = named()
        account = json.loads(command(settings, "account", "forget", ACCOUNT, "--yes", "--json").stdout)
        worker.until_settled(2 + len(sent))
        keys = [line for line in everything(redis_server.url, deployment.prefix) if ACCOUNT in line]
        shown = command(settings, "account", "show", ACCOUNT)
        product.send(used(5, 8, user="bob"))
        worker.until_settled(3 + len(sent))
        anew = json.loads(command(settings, "account", "show", ACCOUNT, "--json").stdout)
        assert worker.alive()
        yield Operated(deployment, muted, before, after, user, again, account, keys, shown, anew, worker.log())


# ---------------------------------------------------------------------------------------------------- mute


def test_what_is_muted_is_decided_and_not_sent(operated: Operated) -> None:
    assert [(each["decision"], each["reason"]) for each in operated.muted] == [("suppressed", "muted")]


def test_what_is_muted_no_more_is_sent(operated: Operated) -> None:
    sent = [record.event["data"]["threshold"]["value"] for record in operated.deployment.records(TRIGGERS)]
    assert sent == ["80"]


# ------------------------------------------------------------------------------------------------ a person


def test_a_person_that_is_forgotten_is_named_nowhere_in_what_is_kept_of_the_account(operated: Operated) -> None:
    assert (operated.named_before > 4, operated.named_after) == (True, 0)


def test_it_is_told_where_the_person_was(operated: Operated) -> None:
    told = set(operated.user["parts"])
    assert told >= {
        "the profile's lists",
        "what deciding remembers",
        "the note seats",
        "the note gate:sso",
        "the note sharing",
    }


def test_a_person_is_forgotten_once(operated: Operated) -> None:
    assert operated.user_again["parts"] == []


def test_it_is_told_which_topics_still_name_them(operated: Operated) -> None:
    prefix = operated.deployment.prefix
    assert {"topic": f"{prefix}expansion-signals", "days": 400} in operated.user["topics"]


# ---------------------------------------------------------------------------------------------- an account


def test_nothing_is_kept_of_an_account_that_is_forgotten(operated: Operated) -> None:
    assert (operated.account["keys"] > 5, operated.keys_after) == (True, [])


def test_an_account_that_is_forgotten_is_not_known_any_more(operated: Operated) -> None:
    assert (operated.shown_after.returncode, "nothing is kept" in operated.shown_after.stderr) == (1, True)


def test_its_updates_are_buried_on_every_partition(operated: Operated) -> None:
    tombs = [each for each in operated.deployment.records("account-updates") if each.value is None]
    assert {each.key for each in tombs} == {ACCOUNT.encode()}
    assert len({each.partition for each in tombs}) == operated.account["tombstones"] == 12


def test_the_worker_goes_on_and_counts_what_comes_anew(operated: Operated) -> None:
    assert (operated.shown_anew["known"], operated.shown_anew["hours"][0]["usage"]) == (False, "5")


def test_nobody_is_told_of_its_end(operated: Operated) -> None:
    changes = [each for each in operated.deployment.records(SIGNALS) if each.event["type"].endswith("changed.v1")]
    assert [each.event["data"]["to"] for each in changes if each.event["data"]["to"] is None] == []


def test_another_account_stays(operated: Operated) -> None:
    assert operated.run("account", "show", "acct-2").returncode == 0


@pytest.mark.parametrize("arguments", [("account", "forget", "acct-2"), ("user", "forget", "acct-2", "zoe-4711")])
def test_nothing_is_erased_that_nobody_has_confirmed(operated: Operated, arguments: tuple[str, ...]) -> None:
    refused = operated.run(*arguments)
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    assert operated.run("account", "show", "acct-2").returncode == 0
