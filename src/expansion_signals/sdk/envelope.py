"""The envelope of an event that goes in: a structured CloudEvent, and the topic that takes its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.model.events import BUILT_IN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

USAGE_EVENTS = "usage-events"
ACCOUNT_UPDATES = "account-updates"
PROMPT_EVENTS = "prompt-events"

STRUCTURED = ("content-type", b"application/cloudevents+json")
"""The header of every record: the whole event is one JSON object."""

_ACCOUNT_UPDATE = f"{BUILT_IN_PREFIX}account.updated."
_PROMPT = f"{BUILT_IN_PREFIX}prompt."


class StampedOrigin(NamedTuple):
    """What names an event and says when it happened: `source` and `id` are its identity, `time` is RFC 3339."""

    source: str
    id: str
    time: str


def envelope(
    origin: StampedOrigin, event_type: str, account: str, data: Mapping[str, object], extensions: Mapping[str, object]
) -> dict[str, Any]:
    """Return the event as one object, its extension attributes before its data."""
    return {
        "specversion": "1.0",
        "id": origin.id,
        "source": origin.source,
        "type": event_type,
        "subject": account,
        "time": origin.time,
        "datacontenttype": "application/json",
        **extensions,
        "data": data,
    }


def topic_of(event_type: str) -> str:
    """Return the topic for events of this type, whatever its version; without the deployment's prefix."""
    if event_type.startswith(_ACCOUNT_UPDATE):
        return ACCOUNT_UPDATES
    return PROMPT_EVENTS if event_type.startswith(_PROMPT) else USAGE_EVENTS
