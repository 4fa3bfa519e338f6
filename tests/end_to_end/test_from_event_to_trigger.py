"""One account from nothing to over its limit, seen from outside: what is published, and how it is written."""

from __future__ import annotations

import time
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

ACCOUNT = "acct-1"
OFFERED = {"recommendation", "route", "prompt", "copy"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CROSSED_80 = datetime.now(UTC) - timedelta(minutes=2)
CROSSED_100 = CROSSED_80 + timedelta(minutes=1)

pytestmark = pytest.mark.servers


class Seen(NamedTuple):
    triggers: list[Found]
    signals: list[Found]
    decisions: list[Found]
    began: float
    ended: float
    tallies: dict[str, int]

    @property
    def at_80(self) -> Found:
        return self.triggers[0]

    @property
    def at_100(self) -> Found:
        return self.triggers[1]


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("path")) as deployment:
        worker = deployment.worker().start().until_ready()
        triggers, send, began = deployment.topic(TRIGGERS), deployment.product.send, time.time()
        deployment.product.profile(ACCOUNT, "free", version=7)
        send(usage_event(ACCOUNT, "500"), usage_event(ACCOUNT, 299))
        send(usage_event(ACCOUNT, "1", id="made-800", time=CROSSED_80, traceparent=TRACE))
        triggers.until(lambda _: True)
        send(usage_event(ACCOUNT, "199"))
        send(usage_event(ACCOUNT, "1", id="made-1000", time=CROSSED_100, user="u-7"))
        triggers.until(lambda _: True, count=2)
        send(usage_event(ACCOUNT, "500"))
        worker.until_settled(6)
        ended, tallies = time.time(), dict(worker.tallies())
        yield Seen(*(deployment.records(topic) for topic in (TRIGGERS, SIGNALS, DECISIONS)), began, ended, tallies)


def data(record: Found) -> dict[str, Any]:
    found: dict[str, Any] = record.event["data"]
    return found


def test_80_and_100_percent_fire_once_each(seen: Seen) -> None:
    assert [data(trigger)["crossed"] for trigger in seen.triggers] == [
        [{"kind": "percent", "value": "80"}],
        [{"kind": "percent", "value": "100"}],
    ]


def test_a_trigger_says_everything_that_interfaces_promise(seen: Seen) -> None:
    found = data(seen.at_80)
    varying = {name: found.pop(name) for name in ("rule", "period", "why", "recommendation")}
    assert found == {
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
        "cause": "usage",
        "session": None,
        "route": {"to": "self_serve", "owner": None},
        "prompt": {"family": "limit_approaching", "per_session": 1, "in_all": 3},
        "copy": {
            "title": "800 of 1,000 calls used",
            "body": "You have used 800 of 1,000 calls. Upgrade to pro for 49.00 USD a month.",
            "action": "Upgrade now",
            "dismiss": "Remind me later",
            "language": "en",
        },
    }
    assert varying["recommendation"].keys() == {"kind", "to", "price", "charge_now", "charge_next_period", "gain"}


def test_a_trigger_names_its_rule_and_the_rules_version(seen: Seen) -> None:
    rule = data(seen.at_80)["rule"]
    assert (rule["id"], bool(rule["version"])) == ("api-quota", True)


def test_a_trigger_names_the_period_its_usage_lies_in(seen: Seen) -> None:
    month = CROSSED_80.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (month + timedelta(days=32)).replace(day=1)
    assert data(seen.at_80)["period"] == {"start": written(month), "end": written(following)}


def test_a_trigger_says_why_in_words(seen: Seen) -> None:
    assert data(seen.at_80)["why"].startswith("800 of 1,000 calls used (80 %)")


def test_the_user_is_the_one_who_crossed(seen: Seen) -> None:
    assert data(seen.at_100)["user"] == "u-7"


def test_the_key_is_the_account(seen: Seen) -> None:
    assert {record.key for record in (*seen.triggers, *seen.signals, *seen.decisions)} == {ACCOUNT.encode()}


def test_the_record_is_stamped_by_the_wall_clock_not_by_event_time(seen: Seen) -> None:
    assert seen.began * 1000 - 1 <= seen.at_80.timestamp <= seen.ended * 1000


def test_time_is_the_event_time_of_the_crossing(seen: Seen) -> None:
    assert datetime.fromisoformat(seen.at_80.event["time"]) == CROSSED_80


def test_recordedtime_is_when_it_was_decided(seen: Seen) -> None:
    assert seen.began <= datetime.fromisoformat(seen.at_80.event["recordedtime"]).timestamp() <= seen.ended


def test_expirytime_is_7_days_after_time(seen: Seen) -> None:
    assert datetime.fromisoformat(seen.at_80.event["expirytime"]) == CROSSED_80 + timedelta(days=7)


def test_causationid_is_the_event_that_crossed(seen: Seen) -> None:
    assert [trigger.event["causationid"] for trigger in seen.triggers] == ["made-800", "made-1000"]


def test_traceparent_is_carried_over(seen: Seen) -> None:
    assert [trigger.event.get("traceparent") for trigger in seen.triggers] == [TRACE, None]


def test_triggers_are_structured_cloudevents_of_their_type(seen: Seen) -> None:
    event = seen.at_80.event
    assert (seen.at_80.header["content-type"], event["type"], event["source"], event["subject"]) == (
        b"application/cloudevents+json",
        "expansion.limit.reached.v1",
        "/expansion-signals",
        ACCOUNT,
    )


def test_every_record_fulfils_its_schemas(seen: Seen) -> None:
    assert [wrong for record in (*seen.triggers, *seen.signals, *seen.decisions) for wrong in violations(record)] == []


def test_each_trigger_has_its_signal_with_the_profile_it_was_judged_under(seen: Seen) -> None:
    reached = [signal for signal in seen.signals if signal.event["type"] == "expansion.signal.limit.reached.v1"]
    assert [(data(signal)["usage"], data(signal)["account"]["version"]) for signal in reached] == [
        ("800", 7),
        ("1000", 7),
    ]


def test_a_signal_says_what_its_trigger_says_but_for_what_is_offered(seen: Seen) -> None:
    reached = [signal for signal in seen.signals if signal.event["type"] == "expansion.signal.limit.reached.v1"]
    for signal, trigger in zip(reached, seen.triggers, strict=True):
        assert {**data(signal), **{name: data(trigger)[name] for name in OFFERED}} == {**data(signal), **data(trigger)}
        assert OFFERED.isdisjoint(data(signal))


def test_each_trigger_has_its_decision(seen: Seen) -> None:
    fired = [data(decision) for decision in seen.decisions if data(decision)["decision"] == "fired"]
    assert [(decision["trigger"], decision["reason"]) for decision in fired] == [
        (trigger.event["id"], None) for trigger in seen.triggers
    ]


def test_each_decision_names_a_signal_that_was_published(seen: Seen) -> None:
    assert {data(decision)["signal"] for decision in seen.decisions} <= {signal.event["id"] for signal in seen.signals}


def test_everything_sent_is_counted(seen: Seen) -> None:
    assert seen.tallies == {"counted": 6, "duplicate": 0, "unmatched": 0, "dead_lettered": 0}
