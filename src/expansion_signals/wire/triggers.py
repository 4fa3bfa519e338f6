"""Triggers on their topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.wire.published import Published, encode

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.model.triggers import Trigger


def write(trigger: Trigger, recorded: Instant) -> Outgoing:
    """Return the record of a trigger, with the time from which subscribers drop it (semantics 7.7)."""
    return encode(
        Published.caused_by(
            trigger.evidence,
            topic=trigger.topic,
            type=f"{BUILT_IN_PREFIX}{trigger.type}.v1",
            id=trigger.id,
            account=trigger.account,
            data=trigger.data,
            expires=trigger.expires,
        ),
        recorded,
    )
