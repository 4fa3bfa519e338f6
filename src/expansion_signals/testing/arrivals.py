"""What arrives at a rehearsal: a line of a file, or a record of the log, with the time that the clock reaches by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.records import Record
from expansion_signals.sdk.envelope import USAGE_EVENTS, topic_of
from expansion_signals.wire import attributes
from expansion_signals.wire.cloudevents import STRUCTURED, open_envelope
from expansion_signals.wire.plain_events import plain_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant

_HEADERS = (("content-type", STRUCTURED.encode()),)
_ANY_AGE: Duration = 1 << 62


class Arrival(NamedTuple):
    """One record to play; `event` is the usage event in it, where it is plain (`wire.plain_events`)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    time: Instant
    event: UsageEvent | None = None

    def record(self, appended: Instant) -> Record:
        """Return it as a record that is appended then; it has no place in the log yet."""
        return Record(self.topic, 0, 0, self.key, self.value, self.headers, appended)


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
    return Arrival(topic_of(event.type), event.account.encode(), line, _HEADERS, event.time)


def arrival_from(record: Record) -> Arrival:
    """Return a record of the log, at its append time."""
    plain = _plain(record) if record.topic == USAGE_EVENTS else None
    return Arrival(record.topic, record.key, record.value, record.headers, record.appended, plain)


def _plain(record: Record) -> UsageEvent | None:
    """Return the usage event of a record if it is plain, whatever its age."""
    try:
        return plain_event(record._replace(appended=0), _ANY_AGE, _ANY_AGE)
    except RejectedRecord:
        return None
