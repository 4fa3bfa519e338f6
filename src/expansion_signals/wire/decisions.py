"""Decisions on `expansion-decisions`, for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import Instant, format_instant
from expansion_signals.wire.published import Published, encode

if TYPE_CHECKING:
    from expansion_signals.model.decisions import Decision
    from expansion_signals.model.records import Outgoing

TOPIC = "expansion-decisions"
TYPE = "expansion.decision.made.v1"


def write(decision: Decision, recorded: Instant) -> Outgoing:
    """Return the record of a decision; what caused it is its signal."""
    return encode(
        Published(
            topic=TOPIC,
            type=TYPE,
            id=decision.id,
            account=decision.account,
            time=decision.time,
            data={
                "signal": decision.signal,
                "trigger": decision.trigger,
                "decision": decision.decision,
                "reason": decision.reason,
                "reasons": list(decision.reasons),
                "until": None if decision.until is None else format_instant(decision.until),
                "rule": None if decision.rule is None else dict(decision.rule),
            },
            causation=decision.signal,
            traceparent=decision.traceparent,
        ),
        recorded,
    )
