"""What a trigger recommends, to whom it goes and how it is said, seen from outside. Charges are worked out anew."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import TRIGGERS, Deployment
from outside.product import profile_event, usage_event
from outside.schemas import violations
from outside.worker import command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

GATES = "expansion-feature-gated"
USD = "USD"
FILES = {
    "catalog.yaml": """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
features:
  api_calls: {meter: api_calls}
  sso: {}
  audit_log: {}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000, kind: hard}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 100000, kind: soft}, sso: true}}
  - {key: enterprise, contact_sales: true, includes: {api_calls: unlimited, sso: true, audit_log: true}}
add_ons:
  - {key: extra-api, price: "20", adds: {api_calls: 50000}}
""",
    "rules.yaml": """
rules:
  - id: api-quota
    signal: limit_reached
    meter: api_calls
    at: [80%, 100%]
    copy:
      en: {body: "You have used {usage} of {limit} API calls. Add more for {price}.", action: Add calls}
      de: {title: Viel los, body: "{usage} von {limit} Aufrufen genutzt.", action: Mehr Aufrufe, dismiss: "Später"}
  - {id: gates, signal: feature_gated, feature: "*", attempts: 1}
""",
}


def worth(amount: str) -> dict[str, Any]:
    """Return a profile's yearly value, and who looks after it."""
    return {"annual_value": {"amount": amount, "currency": USD}, "owner": "dana@example.com"}


ROUTES: Mapping[str, tuple[dict[str, Any], dict[str, str | None]]] = {
    "worth-nothing-yet": ({}, {"to": "self_serve", "owner": None}),
    "worth-999": (worth("999.99"), {"to": "self_serve", "owner": None}),
    "worth-1000": (worth("1000"), {"to": "assisted", "owner": "dana@example.com"}),
    "worth-25000": (worth("25000"), {"to": "assisted", "owner": "dana@example.com"}),
    "worth-more": (worth("25000.01"), {"to": "owner", "owner": "dana@example.com"}),
    "of-a-partner": ({**worth("25000.01"), "partner": "resellers"}, {"to": "partner", "owner": "resellers"}),
}
LANGUAGES = {"speaks-english": ("en-GB", "en"), "speaks-german": ("de-AT", "de"), "speaks-french": ("fr", "en")}
"""An account's language, and that of the copy."""

FEATURES = {"wants-sso": "sso", "wants-an-audit-log": "audit_log"}


def called(account: str) -> dict[str, Any]:
    return usage_event(account, 800, user="ada")


def attempted(account: str, feature: str) -> dict[str, Any]:
    return usage_event(account, 0, type="expansion.feature.attempted.v1", data={"feature": feature, "user": "ada"})


class Seen(NamedTuple):
    triggers: Mapping[str, Found]

    def said(self, account: str, part: str) -> dict[str, Any]:
        found: dict[str, Any] = self.triggers[account].event["data"][part]
        return found


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("offers")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    return directory


@pytest.fixture(scope="module")
def seen(kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, configuration: Path) -> Iterator[Seen]:
    further = {"CONFIG": str(configuration)}
    with Deployment(kafka.bootstrap, redis_server.url, configuration, further) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product
        profiles = {
            **{account: profile for account, (profile, _) in ROUTES.items()},
            **{account: {"language": language} for account, (language, _) in LANGUAGES.items()},
            **{account: {} for account in FEATURES},
        }
        for account, profile in profiles.items():
            product.profile(account, "free", **profile)
        worker.until_told("account-updates", len(profiles))
        product.send(*(called(account) for account in (*ROUTES, *LANGUAGES)))
        product.send(*(attempted(account, feature) for account, feature in FEATURES.items()))
        worker.until_settled(len(product.sent))
        triggers = [*deployment.triggers(), *deployment.triggers(GATES)]
        yield Seen({record.event["subject"]: record for record in triggers})


def left_of(price: int, trigger: dict[str, Any]) -> str:
    """Return what a price comes to for the rest of a calendar month, to the second and rounded half up."""
    at = datetime.fromisoformat(trigger["time"]).astimezone(UTC)
    start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    share = Fraction(int((end - at).total_seconds() * 1_000_000), int((end - start).total_seconds() * 1_000_000))
    cents = int(price * share * 100 + Fraction(1, 2))
    return f"{cents // 100}.{cents % 100:02}"


def test_a_limit_recommends_the_cheapest_step_with_what_it_costs_now_and_later(seen: Seen) -> None:
    offered = seen.said("worth-nothing-yet", "recommendation")
    assert {name: offered[name] for name in ("kind", "to", "price", "charge_now", "charge_next_period")} == {
        "kind": "add_on",
        "to": "extra-api",
        "price": {"amount": "20.00", "currency": USD, "per": "month"},
        "charge_now": {"amount": left_of(20, seen.triggers["worth-nothing-yet"].event), "currency": USD},
        "charge_next_period": {"amount": "20.00", "currency": USD},
    }


def test_a_gated_feature_recommends_the_plan_that_has_it(seen: Seen) -> None:
    offered = seen.said("wants-sso", "recommendation")
    assert (offered["kind"], offered["to"], offered["charge_now"]) == (
        "plan",
        "pro",
        {"amount": left_of(49, seen.triggers["wants-sso"].event), "currency": USD},
    )


def test_what_only_sales_can_price_is_a_talk_without_a_sum(seen: Seen) -> None:
    offered, route = (seen.said("wants-an-audit-log", part) for part in ("recommendation", "route"))
    assert (offered["kind"], offered["to"], offered["price"], route["to"]) == (
        "contact_sales",
        "enterprise",
        None,
        "assisted",
    )


@pytest.mark.parametrize("account", ROUTES)
def test_who_acts_hangs_on_the_yearly_value_and_on_the_partner(seen: Seen, account: str) -> None:
    assert seen.said(account, "route") == ROUTES[account][1]


@pytest.mark.parametrize("account", LANGUAGES)
def test_copy_is_in_the_language_of_the_account_or_else_in_english(seen: Seen, account: str) -> None:
    assert seen.said(account, "copy")["language"] == LANGUAGES[account][1]


def test_copy_of_the_rule_is_filled(seen: Seen) -> None:
    assert seen.said("speaks-german", "copy") == {
        "title": "Viel los",
        "body": "800 von 1.000 Aufrufen genutzt.",
        "action": "Mehr Aufrufe",
        "dismiss": "Später",
        "language": "de",
    }


def test_a_part_that_the_rule_does_not_write_is_the_default(seen: Seen) -> None:
    copy = seen.said("speaks-french", "copy")
    assert (copy["body"], copy["dismiss"]) == (
        "You have used 800 of 1,000 API calls. Add more for 20.00 USD a month.",
        "Remind me later",
    )


def test_a_prompt_says_its_family_and_how_often_it_may_be_shown(seen: Seen) -> None:
    assert [seen.said(account, "prompt") for account in ("worth-nothing-yet", "wants-sso")] == [
        {"family": "limit_approaching", "per_session": 1, "in_all": 3},
        {"family": "feature_discovery", "per_session": 3, "in_all": 1},
    ]


def test_every_trigger_fulfils_its_schema(seen: Seen) -> None:
    accounts = {*ROUTES, *LANGUAGES, *FEATURES}
    assert (seen.triggers.keys(), [each for found in seen.triggers.values() for each in violations(found)]) == (
        accounts,
        [],
    )


def test_nine_days_before_the_end_of_november_the_example_of_the_interface_is_what_is_published(
    configuration: Path, tmp_path: Path
) -> None:
    recorded = tmp_path / "recorded.jsonl"
    told = {**profile_event("acct-1", "free", 7), "time": "2026-11-21T00:00:00Z"}
    recorded.write_text(
        "".join(
            json.dumps(event) + "\n"
            for event in (told, usage_event("acct-1", "800", time=datetime(2026, 11, 22, tzinfo=UTC)))
        )
    )
    said = command({}, "backtest", "--config", str(configuration), "--input", str(recorded), "--json")
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    [trigger] = [line["event"] for line in lines if line["topic"] == TRIGGERS]
    data = trigger["data"]
    del data["rule"]["version"], data["recommendation"]["gain"], data["recommendation"]["quantity"]
    assert data == {
        "rule": {"id": "api-quota"},
        "family": "limit",
        "plan": "free",
        "user": "u-42",
        "meter": "api_calls",
        "feature": "api_calls",
        "unit": "call",
        "usage": "800",
        "limit": "1000",
        "limit_kind": "hard",
        "utilization": "0.8",
        "remaining": "200",
        "overage": "0",
        "threshold": {"kind": "percent", "value": "80", "comparison": ">="},
        "crossed": [{"kind": "percent", "value": "80"}],
        "period": {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"},
        "cause": "usage",
        "recommendation": {
            "kind": "add_on",
            "to": "extra-api",
            "price": {"amount": "20.00", "currency": USD, "per": "month"},
            "charge_now": {"amount": "6.00", "currency": USD},
            "charge_next_period": {"amount": "20.00", "currency": USD},
        },
        "route": {"to": "self_serve", "owner": None},
        "prompt": {"family": "limit_approaching", "per_session": 1, "in_all": 3},
        "session": None,
        "copy": {
            "title": "800 of 1,000 calls used",
            "body": "You have used 800 of 1,000 API calls. Add more for 20.00 USD a month.",
            "action": "Add calls",
            "dismiss": "Remind me later",
            "language": "en",
        },
        "why": "800 of 1,000 calls used (80 %) with 9 days of the period left",
    }
