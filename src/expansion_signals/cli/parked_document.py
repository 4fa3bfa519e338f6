"""A parked trigger as scripts see it: JSON, instants as RFC 3339."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from expansion_signals.sdk.parked_triggers import ParkedTrigger


def summary_of(trigger: ParkedTrigger) -> Mapping[str, Any]:
    """Return whose it is, and why, by whom and when it was given up."""
    return {
        "id": trigger.id,
        "type": trigger.type,
        "account": trigger.account,
        "group": trigger.group,
        "topic": trigger.topic,
        "reason": trigger.reason,
        "attempts": trigger.attempts,
        "first_failed_at": _written(trigger.first_failed),
        "parked_at": _written(trigger.parked),
        "expires": _written(trigger.expires),
    }


def document_of(trigger: ParkedTrigger) -> Mapping[str, Any]:
    """Return all of it: beside the summary the event, as text."""
    return {**summary_of(trigger), "value": trigger.value.decode(errors="replace")}


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
