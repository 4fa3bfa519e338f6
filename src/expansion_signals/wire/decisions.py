"""Decisions on `expansion-decisions`: written for the audit, read back where policy state was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from msgspec import Struct
from msgspec.json import Decoder

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.decisions import Verdict
from expansion_signals.model.instants import Instant, format_instant
from expansion_signals.wire.cloudevents import open_envelope
from expansion_signals.wire.published import Published, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.decisions import Decision
    from expansion_signals.model.records import Outgoing, Record

TOPIC = "expansion-decisions"
TYPE = "expansion.decision.made.v1"

_VERDICTS: Mapping[str, Verdict] = {verdict: verdict for verdict in get_args(Verdict)}


class Ruled(Struct):
    """What was decided, and the first reason; there is none where it fired."""

    decision: str
    reason: str | None


class _Envelope(Struct):
    data: Ruled


_ruled = Decoder(_Envelope).decode


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


def ruled(written: bytes) -> Ruled:
    """Return what `write` wrote was decided, without reading the rest: for who counts what passes by."""
    return _ruled(written).data


def read(record: Record) -> tuple[str, str | None, Verdict]:
    """Return the ids of signal and trigger that `write` wrote of, and what was decided.

    Raises:
        RejectedRecord: not a decision of a version that this program knows.
    """
    envelope = open_envelope(record)
    data = envelope.get("data")
    if envelope.get("type") != TYPE or not isinstance(data, dict):
        raise RejectedRecord("invalid_data", f"expected {TYPE} with a JSON object as data")
    signal, trigger, decision = (data.get(name) for name in ("signal", "trigger", "decision"))
    if not isinstance(signal, str) or not (trigger is None or isinstance(trigger, str)):
        raise RejectedRecord("invalid_data", "a decision names its signal and its trigger")
    if not isinstance(decision, str) or decision not in _VERDICTS:
        raise RejectedRecord("invalid_data", "data.decision: not a decision that this program knows")
    return signal, trigger, _VERDICTS[decision]
