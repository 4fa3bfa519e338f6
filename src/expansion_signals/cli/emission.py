"""One event from the command line to the log, judged here before it is sent."""

from __future__ import annotations

import secrets
import time as clock
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.errors import RejectedRecord
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.model.events import USAGE_RECORDED
from expansion_signals.model.instants import format_instant
from expansion_signals.model.records import Outgoing, Record
from expansion_signals.sdk.envelope import (
    ACCOUNT_UPDATES,
    PROMPT_EVENTS,
    STRUCTURED,
    USAGE_EVENTS,
    StampedOrigin,
    envelope,
    topic_of,
)
from expansion_signals.sdk.event_ids import DRAWN_BITS, uuid7
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.json_text import parse, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.settings import Settings

_ANSWER_SECONDS = 5.0


class What(NamedTuple):
    """What an event says: its type and its data as JSON."""

    type: str
    data: Mapping[str, Any]


class Sent(NamedTuple):
    """An event that is on the log; `text` is the whole CloudEvent."""

    type: str
    id: str
    topic: str
    text: str


def usage_event(meter: str, value: str, user: str | None) -> What:
    """Return what says that this much of a meter was used."""
    return What(USAGE_RECORDED, {"meter": meter, "value": value} | ({"user": user} if user is not None else {}))


def own_event(kind: str, data: str, user: str | None) -> What:
    """Return an event of this type: the product's own, or an account update.

    Raises:
        RejectedRecord: the data is no JSON object.
    """
    parsed = parse(data.encode())
    if not isinstance(parsed, dict):
        raise RejectedRecord("invalid_data", f"--data: expected a JSON object, got {data[:64]!r}")
    return What(kind, parsed | ({"user": user} if user is not None else {}))


class Origin(NamedTuple):
    """Where an event comes from: its id and time are made where they are None."""

    source: str
    id: str | None
    time: str | None


def _stamped(origin: Origin, now: Instant) -> StampedOrigin:
    return StampedOrigin(
        origin.source,
        origin.id if origin.id is not None else uuid7(now, secrets.randbits(DRAWN_BITS)),
        origin.time if origin.time is not None else format_instant(now),
    )


async def send(settings: Settings, account: str, what: What, origin: Origin) -> Sent:
    """Send the event and wait until it is acknowledged; an account update goes to the topic of account updates.

    Raises:
        RejectedRecord: the worker would dead-letter it.
        LogUnavailable: the broker does not answer within 5 seconds.
    """
    now = clock.time_ns() // 1000
    document = envelope(_stamped(origin, now), what.type, account, what.data, {})
    topic = topic_of(what.type)
    record = Outgoing(topic, account.encode(), write(document), (STRUCTURED,))
    codec = CloudEventsCodec(settings.acceptance)
    judges = {USAGE_EVENTS: codec.usage_event, ACCOUNT_UPDATES: codec.account_update, PROMPT_EVENTS: codec.prompt}
    judges[topic](Record(topic, 0, 0, record.key, record.value, record.headers, now))
    publisher = LogPublisher(
        settings.kafka, prefix=settings.prefix, answer_seconds=_ANSWER_SECONDS, security=settings.security
    )
    try:
        await publisher.publish([record])
    finally:
        await publisher.stop()
    return Sent(what.type, str(document["id"]), settings.prefix + topic, (record.value or b"").decode())
