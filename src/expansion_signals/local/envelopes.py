"""How the simulated product writes its events: CloudEvents in both forms, and the ways a producer gets it wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.model.instants import DAY, format_instant
from expansion_signals.model.records import Outgoing
from expansion_signals.sdk import event_ids
from expansion_signals.sdk.envelope import STRUCTURED, USAGE_EVENTS, StampedOrigin, envelope

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant


class Emission(NamedTuple):
    """One event as the product means it."""

    id: str
    source: str
    type: str
    account: str
    time: Instant
    data: Mapping[str, Any]


def structured(event: Emission, topic: str = USAGE_EVENTS) -> Outgoing:
    """Write the event as one JSON document."""
    return Outgoing(topic, event.account.encode(), _json(_document(event)), (STRUCTURED,))


def binary(event: Emission, topic: str = USAGE_EVENTS) -> Outgoing:
    """Write the attributes as headers and the data as the value."""
    document = _document(event)
    data = document.pop("data")
    content_type = document.pop("datacontenttype")
    headers = tuple((f"ce_{name}", str(value).encode()) for name, value in document.items())
    return Outgoing(topic, event.account.encode(), _json(data), (("content-type", content_type.encode()), *headers))


def spoiled(event: Emission, chance: random.Random) -> Outgoing:
    """Write the event in one of the ways that can never be counted: a dead letter, or unmatched."""
    document = _document(event)
    good = structured(event)
    match chance.randrange(7):
        case 0:
            return good._replace(value=_json(document)[:-9])
        case 1:
            del document["subject"]
            return good._replace(key=None, value=_json(document))
        case 2:
            document["data"] = {**event.data, "meter": "api_calls", "value": float("nan")}
            document["type"] = "expansion.usage.recorded.v1"
        case 3:
            document["data"] = {"meter": ["api_calls"], "value": {"amount": "a lot"}}
            document["type"] = "expansion.usage.recorded.v1"
        case 4:
            document["time"] = format_instant(event.time - 400 * DAY)
        case 5:
            document["data"] = {"meter": "moon_phases", "value": "1"}
            document["type"] = "expansion.usage.recorded.v1"
        case _:
            document["type"] = "com.acme.page.viewed"
    return good._replace(value=_json(document))


def uuid7(instant: Instant, chance: random.Random) -> str:
    """Return a UUID of version 7 for this instant: ids that carry their hour are the cheapest to remember."""
    return event_ids.uuid7(instant, chance.getrandbits(12) << 62 | chance.getrandbits(62))


def _document(event: Emission) -> dict[str, Any]:
    origin = StampedOrigin(event.source, event.id, format_instant(event.time))
    return envelope(origin, event.type, event.account, dict(event.data), {})


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
