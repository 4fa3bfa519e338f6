"""A product app as strangers write them: CloudEvents in JSON, sent with librdkafka, nothing of ours."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

ACKNOWLEDGED_SECONDS = 60
STRUCTURED = "application/cloudevents+json"


def usage_event(  # noqa: PLR0913 -- what an event is made of
    account: str,
    value: object,
    *,
    meter: str = "api_calls",
    id: str | None = None,  # noqa: A002 -- the attribute's name
    time: datetime | None = None,
    user: str = "u-42",
    **attributes: Any,  # noqa: ANN401 -- any JSON
) -> dict[str, Any]:
    """Return `usage.recorded` as a CloudEvent; further attributes, `data` among them, replace or join its own."""
    return {
        "specversion": "1.0",
        "id": id or str(uuid.uuid4()),
        "source": "/apps/web",
        "type": "expansion.usage.recorded.v1",
        "subject": account,
        "time": written(time or datetime.now(UTC)),
        "datacontenttype": "application/json",
        "data": {"meter": meter, "value": value, "user": user},
        **attributes,
    }


def profile_event(account: str, plan: str, version: int, **snapshot: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return `account.updated`: the account on this plan, its periods the calendar's months unless it says other."""
    return {
        "specversion": "1.0",
        "id": f"{account}-{version}",
        "source": "/billing",
        "type": "expansion.account.updated.v1",
        "subject": account,
        "time": written(datetime.now(UTC)),
        "datacontenttype": "application/json",
        "data": {
            "version": version,
            "plan": plan,
            "period": {"unit": "month", "anchor": "2026-01-01T00:00:00Z"},
            "status": "active",
            **snapshot,
        },
    }


def prompt_event(deed: str, trigger: dict[str, Any], user: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return what a notification service reports of a trigger: `shown`, `dismissed`, `snoozed` or `clicked`."""
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/apps/notifications",
        "type": f"expansion.prompt.{deed}.v1",
        "subject": trigger["subject"],
        "time": written(datetime.now(UTC)),
        "datacontenttype": "application/json",
        "data": {"trigger": trigger["id"], "user": user, **more},
    }


def written(time: datetime) -> str:
    """Return an instant as RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass
class Product:
    """Sends events and remembers which; `prefix` is the deployment's."""

    bootstrap: str
    prefix: str
    sent: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._refused: list[KafkaError] = []
        self._producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "linger.ms": 5,
                "enable.idempotence": True,
                "message.max.bytes": 4_000_000,
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 0,
                # How soon it sees partitions that were added: 5 min, as librdkafka ships it.
                "topic.metadata.refresh.interval.ms": 2_000,
            }
        )

    def send(self, *events: dict[str, Any]) -> None:
        """Send events to `usage-events`, each under its account, and wait until all are acknowledged."""
        self.begin(*events)
        self.flush()

    def begin(self, *events: dict[str, Any]) -> None:
        """Send events without waiting: they are under way until `flush`."""
        for event in events:
            self._put("usage-events", event["subject"].encode(), json.dumps(event).encode(), structured())
            self.sent.append(event)

    def profile(self, account: str, plan: str, version: int = 1, **snapshot: Any) -> None:  # noqa: ANN401 -- any JSON
        """Tell the account's plan, as billing would, and wait until it is acknowledged."""
        self.profiles(profile_event(account, plan, version, **snapshot))

    def profiles(self, *events: dict[str, Any]) -> None:
        """Send account updates, each under its account, and wait until all are acknowledged."""
        for event in events:
            self._put("account-updates", event["subject"].encode(), json.dumps(event).encode(), structured())
        self.flush()

    def prompts(self, *events: dict[str, Any]) -> None:
        """Send reports of prompts, each under its account, and wait until all are acknowledged."""
        for event in events:
            self._put("prompt-events", event["subject"].encode(), json.dumps(event).encode(), structured())
        self.flush()

    def raw(
        self,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        topic: str = "usage-events",
    ) -> None:
        """Send any bytes, and wait until they are acknowledged."""
        self.begin_raw(value, key=key, headers=headers, topic=topic)
        self.flush()

    def begin_raw(
        self,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        topic: str = "usage-events",
    ) -> None:
        """Send any bytes without waiting."""
        self._put(topic, key, value, headers or [])

    def flush(self) -> None:
        """Wait until everything is acknowledged."""
        left = self._producer.flush(ACKNOWLEDGED_SECONDS)
        assert not left, f"{left} records were not acknowledged within {ACKNOWLEDGED_SECONDS} s"
        assert not self._refused, self._refused

    def _put(self, topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        self._producer.produce(self.prefix + topic, value, key, headers=headers, on_delivery=self._told)
        self._producer.poll(0)

    def _told(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._refused.append(error)


def structured() -> list[tuple[str, bytes]]:
    """Return the header of a structured CloudEvent."""
    return [("content-type", STRUCTURED.encode())]
