"""The subscriber on the broker of `expansion-signals dev`: told its protocol, and without fencing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from confluent_kafka import Producer

from expansion_signals.local.broker import EmbeddedBroker
from expansion_signals.sdk import Parking, Rejected, Subscriber, Trigger

TOPICS = ("expansion-limit-reached", "expansion-subscriber-memory", "expansion-parked")
CONNECTION = {"api_version": (2, 3), "check_crcs": False, "fetch_max_wait_ms": 50}


def publish(servers: str, *ids: str) -> None:
    now = datetime.now(UTC)
    producer = Producer({"bootstrap.servers": servers, "log_level": 0})
    for trigger in ids:
        event = {
            "id": trigger,
            "type": "expansion.limit.reached.v1",
            "subject": "acct-1",
            "time": now.isoformat(),
            "expirytime": (now + timedelta(7)).isoformat(),
            "data": {"why": "800 of 1,000 calls used"},
        }
        producer.produce(TOPICS[0], json.dumps(event), key=b"acct-1")
    assert producer.flush(10) == 0


def subscribed(servers: str) -> Subscriber:
    return Subscriber(servers, "mailer", TOPICS[:1], connection=CONNECTION)


def test_what_was_done_is_not_handed_out_by_the_next_subscriber() -> None:
    with EmbeddedBroker() as broker:
        broker.create_topics(TOPICS)
        publish(broker.servers, "a", "b")
        with subscribed(broker.servers) as first:
            next(first).done()
        with subscribed(broker.servers) as second:
            assert next(second).id == "b"


def test_what_was_parked_is_handed_back_once() -> None:
    with EmbeddedBroker() as broker:
        broker.create_topics(TOPICS)
        publish(broker.servers, "a")

        def refuse(_: Trigger) -> None:
            subscriber.stop()
            raise Rejected("no address")

        with subscribed(broker.servers) as subscriber:
            subscriber.run(refuse)
        with Parking(broker.servers, "mailer", connection=CONNECTION) as parked:
            [trigger] = parked
            assert [trigger.hand_out_again(), trigger.hand_out_again(), list(parked)] == [True, False, []]
        with subscribed(broker.servers) as again:
            assert next(again).id == "a"
