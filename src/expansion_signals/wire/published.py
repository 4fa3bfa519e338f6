"""The envelope of everything this program publishes (semantics 9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.instants import Instant, format_instant
from expansion_signals.model.records import Outgoing
from expansion_signals.wire.cloudevents import STRUCTURED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.events import Evidence

SOURCE = "/expansion-signals"
# What is published holds texts, whole numbers, lists and objects alone: of these it writes what `json` does, in a
# seventh of the time.
_write = Encoder().encode
_HEADERS = (("content-type", STRUCTURED.encode()),)


@dataclass(frozen=True, slots=True)
class Published:
    """One event to publish. `topic` is the name without the deployment's prefix; `time` is event time.

    `causation` and `causation_source` identify the event that led to this one.
    """

    topic: str
    type: str
    id: str
    account: str
    time: Instant
    data: Mapping[str, Any]
    causation: str
    causation_source: str = SOURCE
    traceparent: str | None = None
    expires: Instant | None = None

    @classmethod
    def caused_by(  # noqa: PLR0913 -- what an event has of its own
        cls,
        evidence: Evidence,
        *,
        topic: str,
        type: str,  # noqa: A002 -- the name it has in CloudEvents
        id: str,  # noqa: A002 -- the same
        account: str,
        data: Mapping[str, Any],
        expires: Instant | None = None,
    ) -> Published:
        """Return the event that this evidence led to, at the time of the evidence and in its trace."""
        return cls(
            topic=topic,
            type=type,
            id=id,
            account=account,
            time=evidence.time,
            data=data,
            causation=evidence.id,
            causation_source=evidence.source,
            traceparent=evidence.traceparent,
            expires=expires,
        )


class Headline(Struct):
    """What stands over an event that was published: whose trace it is in, too."""

    id: str
    type: str
    traceparent: str | None = None


_headline = Decoder(Headline).decode


def dataschema(topic: str, event_type: str) -> str:
    """Return the reference to the JSON Schema of this type's data: its path below the folder that holds `schemas/`.

    `expansion.limit.reached.v1` on `expansion-limit-reached` is
    `/schemas/expansion-limit-reached/limit.reached.v1.schema.json`.
    """
    return f"/schemas/{topic}/{event_type.removeprefix(BUILT_IN_PREFIX)}.schema.json"


def encode(event: Published, recorded: Instant) -> Outgoing:
    """Return the record: structured CloudEvents, key = account; `recorded` is when the event was decided."""
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": SOURCE,
        "type": event.type,
        "subject": event.account,
        "time": format_instant(event.time),
        "recordedtime": format_instant(recorded),
        "causationid": event.causation,
        "causationsource": event.causation_source,
        "datacontenttype": "application/json",
        "dataschema": dataschema(event.topic, event.type),
    }
    if event.expires is not None:
        envelope["expirytime"] = format_instant(event.expires)
    if event.traceparent is not None:
        envelope["traceparent"] = event.traceparent
    envelope["data"] = event.data
    return Outgoing(event.topic, event.account.encode(), _write(envelope), _HEADERS)


def headline(written: bytes) -> Headline:
    """Return what stands over the event that `encode` wrote, without reading the rest."""
    return _headline(written)
