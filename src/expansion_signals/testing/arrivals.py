"""What arrives at a rehearsal: a line of a file, or a record of the log, with the time that the clock reaches by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.records import Record
from expansion_signals.sdk.envelope import USAGE_EVENTS, topic_of
from expansion_signals.wire import attributes
from expansion_signals.wire.cloudevents import STRUCTURED, open_envelope
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.plain_events import plain_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant

_HEADERS = (("content-type", STRUCTURED.encode()),)
_ANY_AGE: Duration = 1 << 62
_CODEC = CloudEventsCodec()


class Arrival(NamedTuple):
    """One record to play; `event` is the usage event in it, where it is one that may share a poll."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    time: Instant
    event: UsageEvent | None = None

    def record(self, appended: Instant, offset: int = 0) -> Record:
        """Return it as a record that is appended then, at this offset."""
        return Record(self.topic, 0, offset, self.key, self.value, self.headers, appended)


def arrival_of(line: bytes) -> Arrival:
    """Return a CloudEvent in structured JSON, on the topic where its type belongs, at its event time.

    Usage goes to `usage-events`, updates of accounts to `account-updates`, reports of prompts to `prompt-events`. What
    is no CloudEvent has no time, and goes to `usage-events`.
    """
    record = Record(USAGE_EVENTS, 0, 0, None, line, _HEADERS, 0)
    plain = _plain(record)
    if plain is not None and topic_of(plain.type) == USAGE_EVENTS:
        return Arrival(USAGE_EVENTS, plain.account.encode(), line, _HEADERS, plain.time, plain)
    try:
        event = attributes.required(open_envelope(record))
    except RejectedRecord:
        return Arrival(USAGE_EVENTS, None, line, _HEADERS, 0)
    topic = topic_of(event.type)
    usage = _that_shares(record, event.time) if topic == USAGE_EVENTS else None
    return Arrival(topic, event.account.encode(), line, _HEADERS, event.time, usage)


def arrival_from(record: Record) -> Arrival:
    """Return a record of the log, at its append time."""
    usage = None
    if record.topic == USAGE_EVENTS:
        try:
            usage = _plain(record) or _that_shares(record, attributes.required(open_envelope(record)).time)
        except RejectedRecord:
            usage = None
    return Arrival(record.topic, record.key, record.value, record.headers, record.appended, usage)


def _plain(record: Record) -> UsageEvent | None:
    """Return the usage event of a record if it is plain (`wire.plain_events`), whatever its age."""
    try:
        return plain_event(record, _ANY_AGE, _ANY_AGE)
    except RejectedRecord:
        return None


def _that_shares(record: Record, time: Instant) -> UsageEvent | None:
    """Return the usage event of this time that a record is; None for what brings history, and so goes alone."""
    try:
        event = _CODEC.usage_event(record._replace(appended=time))
    except RejectedRecord:
        return None
    return None if event.backfill else event
