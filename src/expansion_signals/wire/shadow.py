"""Signals of rules that are tried out (`shadow: true`): on `expansion-shadow` alone, as what would have been published.

One that fires stands there as the trigger it would have become, had nothing been decided before; one that does not, as
itself. Both refer to the schema of their real topic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.decisions import shadowed
from expansion_signals.model.kinds import KINDS
from expansion_signals.wire import signals, triggers

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.model.signals import Signal

TOPIC = "expansion-shadow"


def write(signal: Signal, recorded: Instant) -> Outgoing:
    """Return the record of what a signal would have led to."""
    fires = KINDS[signal.type].fires
    written = triggers.write(shadowed(signal), recorded) if fires else signals.write(signal, recorded)
    return written._replace(topic=TOPIC)
