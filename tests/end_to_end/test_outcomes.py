"""What came of triggers, seen from outside: what was bought is told with them, and what is not needed is withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import OUTCOMES, SIGNALS, TRIGGERS, Deployment
from outside.product import profile_event, usage_event
from outside.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

SEATS, GATES = "expansion-seat-limit", "expansion-feature-gated"
FILES = {
    "catalog.yaml": """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
features:
  api_calls: {meter: api_calls}
  seats: {meter: seats}
  sso: {}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, seats: {limit: 3}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 2000}, seats: {limit: 10}, sso: true}}
add_ons:
  - {key: extra-api, price: "90", adds: {api_calls: 50000}}
""",
    "rules.yaml": """
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: seat-invite, signal: seat_limit_invited}
  - {id: gates, signal: feature_gated, feature: sso, attempts: 1}
""",
}

BECOMES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "upgrades": ("pro", {}),
    "adds-on": ("free", {"add_ons": {"extra-api": 1}}),
    "adds-seats": ("free", {"limits": {"seats": "8"}}),
    "was-not-asked": ("pro", {}),
    "goes-down": ("free", {}),
    "leaves": ("pro", {"status": "cancelled"}),
    "changes-its-language": ("free", {"language": "de"}),
    "opens-its-gate": ("pro", {}),
}
"""The plan of each account in its second update, and what else is new there."""

BEFORE = {"goes-down": "pro", "leaves": "pro"}


def happened(kind: str, account: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return usage_event(account, 0, type=f"expansion.{kind}.v1", data=data)


class Seen(NamedTuple):
    limits: Sequence[Found]
    seats: Sequence[Found]
    gates: Sequence[Found]
    outcomes: Sequence[Found]
    upgraded_at: str

    def outcome(self, account: str) -> dict[str, Any]:
        [found] = [record.event["data"] for record in self.outcomes if record.event["subject"] == account]
        return dict(found)

    def of(self, account: str, *, withdrawals: bool) -> list[dict[str, Any]]:
        """Return the account's triggers, or what takes them back."""
        return [
            record.event
            for record in (*self.limits, *self.seats, *self.gates)
            if record.event["subject"] == account and record.is_withdrawal == withdrawals
        ]

    def withdrawn(self, account: str) -> list[tuple[str, str]]:
        """Return what is withdrawn and why."""
        events = self.of(account, withdrawals=True)
        return [(event["data"]["trigger"], event["data"]["reason"]) for event in events]


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("outcomes")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product

        def happen(*events: dict[str, Any]) -> None:
            product.send(*events)
            worker.until_settled(len(product.sent))

        accounts = [*BECOMES, "falls"]
        for account in accounts:
            product.profile(account, BEFORE.get(account, "free"))
        product.profile("invites", "free", members=["ada", "bob", "cyd"])
        worker.until_told("account-updates", len(accounts) + 1)
        happen(*(usage_event(account, 820) for account in ("upgrades", "adds-on", "falls", "changes-its-language")))
        happen(usage_event("upgrades", 200))
        happen(usage_event("falls", -200))
        happen(happened("feature.attempted", "opens-its-gate", feature="sso", user="ada"))
        happen(happened("seat.invited", "invites", invite="i-4", user="ada"))
        happen(happened("invite.revoked", "invites", invite="i-4"))
        updates = {name: profile_event(name, plan, 2, **more) for name, (plan, more) in BECOMES.items()}
        product.profiles(*updates.values(), updates["upgrades"])
        deployment.topic(SIGNALS).until(
            lambda record: record.event["type"].endswith("account.changed.v1"), count=len(accounts) + 1 + len(updates)
        )
        happen(usage_event("upgrades", 1))
        deployment.topic(OUTCOMES).until(lambda _: True, count=len(updates) - 1)
        deployment.topic(SEATS).until(lambda record: record.is_withdrawal)
        worker.until_settled(len(product.sent))
        yield Seen(
            *(deployment.records(topic) for topic in (TRIGGERS, SEATS, GATES, OUTCOMES)), updates["upgrades"]["time"]
        )


def test_an_upgrade_is_told_with_the_first_and_the_last_trigger_before_it(seen: Seen) -> None:
    first, last = seen.of("upgrades", withdrawals=False)
    passed = datetime.fromisoformat(seen.upgraded_at) - datetime.fromisoformat(last["time"])
    assert seen.outcome("upgrades") == {
        "kind": "upgrade",
        "from": "free",
        "to": "pro",
        "mrr_change": {"amount": "49.00", "currency": "USD"},
        "trigger": last["id"],
        "first_trigger": first["id"],
        "seconds_since_trigger": int(passed.total_seconds()),
        "route": last["data"]["route"],
        "rule": last["data"]["rule"],
    }


def test_each_trigger_before_an_upgrade_is_withdrawn_once(seen: Seen) -> None:
    triggers = [event["id"] for event in seen.of("upgrades", withdrawals=False)]
    assert (len(triggers), seen.withdrawn("upgrades")) == (2, [(trigger, "upgraded") for trigger in triggers])


def test_a_withdrawal_has_an_id_of_its_own_and_lasts_as_long_as_its_trigger(seen: Seen) -> None:
    triggers = seen.of("upgrades", withdrawals=False)
    withdrawals = seen.of("upgrades", withdrawals=True)
    assert [each["expirytime"] for each in withdrawals] == [each["expirytime"] for each in triggers]
    assert len({each["id"] for each in [*triggers, *withdrawals]}) == len(triggers) + len(withdrawals)


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("adds-on", ("add_on", None, "extra-api", "90.00")),
        ("adds-seats", ("seats", "3", "8", "0.00")),
        ("was-not-asked", ("upgrade", "free", "pro", "49.00")),
        ("goes-down", ("contraction", "pro", "free", "-49.00")),
        ("leaves", ("contraction", "pro", None, "-49.00")),
    ],
)
def test_what_was_bought_or_given_up_is_told_with_the_change_of_revenue(
    seen: Seen, account: str, expected: tuple[str, str | None, str | None, str]
) -> None:
    outcome = seen.outcome(account)
    assert (*(outcome[name] for name in ("kind", "from", "to")), outcome["mrr_change"]["amount"]) == expected


def test_what_nobody_was_asked_for_is_the_outcome_of_no_trigger(seen: Seen) -> None:
    outcome = seen.outcome("was-not-asked")
    assert [outcome[name] for name in ("trigger", "first_trigger", "seconds_since_trigger", "route")] == [None] * 4


def test_a_change_that_buys_nothing_has_no_outcome_and_takes_nothing_back(seen: Seen) -> None:
    told = [record for record in seen.outcomes if record.event["subject"] == "changes-its-language"]
    assert (told, len(seen.of("changes-its-language", withdrawals=False))) == ([], 1)
    assert seen.withdrawn("changes-its-language") == []


def test_usage_that_falls_again_takes_its_trigger_back(seen: Seen) -> None:
    [trigger] = seen.of("falls", withdrawals=False)
    assert seen.withdrawn("falls") == [(trigger["id"], "need_gone")]


def test_an_upgrade_takes_back_the_trigger_of_a_gate_that_it_opens(seen: Seen) -> None:
    [trigger] = seen.of("opens-its-gate", withdrawals=False)
    assert seen.withdrawn("opens-its-gate") == [(trigger["id"], "upgraded")]


def test_an_invite_that_is_revoked_takes_its_trigger_back(seen: Seen) -> None:
    [trigger] = seen.of("invites", withdrawals=False)
    assert seen.withdrawn("invites") == [(trigger["id"], "need_gone")]


def test_an_update_told_twice_has_one_outcome(seen: Seen) -> None:
    assert len([record for record in seen.outcomes if record.event["subject"] == "upgrades"]) == 1


def test_every_record_fulfils_its_schemas(seen: Seen) -> None:
    assert [
        wrong for record in (*seen.limits, *seen.seats, *seen.gates, *seen.outcomes) for wrong in violations(record)
    ] == []
