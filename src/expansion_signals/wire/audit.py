"""What was published about accounts, read back as what it was written from: for explain, brief and report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.decisions import Decision, Reason, Verdict
from expansion_signals.model.events import BUILT_IN_PREFIX, Evidence
from expansion_signals.model.happenings import Happening
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.kinds import FAMILIES, KINDS
from expansion_signals.model.outcomes import Outcome, Withdrawal
from expansion_signals.model.triggers import Trigger
from expansion_signals.wire import attributes, decisions, outcomes, prompts, signals
from expansion_signals.wire.cloudevents import open_envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.happenings import Told
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Record
    from expansion_signals.wire.attributes import Attributes

TOPICS = (signals.TOPIC, decisions.TOPIC, outcomes.TOPIC, prompts.TOPIC, *(family.topic for family in FAMILIES))
"""Everything that tells what became of accounts."""

_VERDICTS: Mapping[str, Verdict] = {verdict: verdict for verdict in get_args(Verdict)}
_REASONS: Mapping[str, Reason] = {reason: reason for reason in get_args(Reason)}


def read(record: Record) -> Happening:
    """Return what a record of one of the `TOPICS` tells.

    Raises:
        RejectedRecord: it is nothing that this program, or a notification service, writes there.
    """
    if record.topic == prompts.TOPIC:
        return Happening(prompts.read(record), record.appended)
    envelope = open_envelope(record)
    event = attributes.required(envelope)
    recorded = attributes.instant("recordedtime", envelope.get("recordedtime"))
    if record.topic == signals.TOPIC:
        return Happening(signals.read(record), recorded)
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise RejectedRecord("invalid_data", f"data must be a JSON object, got {type(data).__name__}")
    try:
        return Happening(_told(record.topic, event, envelope, data), recorded)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RejectedRecord("invalid_data", f"{event.type}: {type(error).__name__} {error}") from None


def _told(topic: str, event: Attributes, envelope: Mapping[str, Any], data: Mapping[str, Any]) -> Told:
    if event.type == decisions.TYPE:
        return _decision(event, envelope, data)
    evidence = Evidence(
        str(envelope.get("causationid")), str(envelope.get("causationsource")), event.time, data.get("user")
    )
    if event.type == outcomes.TYPE:
        return Outcome(event.id, event.account, evidence, data)
    expires = _expiry(envelope)
    if event.type == outcomes.WITHDRAWN:
        return Withdrawal(
            id=event.id,
            trigger=data["trigger"],
            topic=topic,
            account=event.account,
            evidence=evidence,
            reason=data["reason"],
            rule=data["rule"],
            family=data["family"],
            expires=event.time if expires is None else expires,
        )
    short = event.type.removeprefix(BUILT_IN_PREFIX).removesuffix(".v1")
    if short not in KINDS:
        raise RejectedRecord("unknown_version", f"{event.type[:80]} is not the type of a trigger")
    lasts = KINDS[short].family.lasts
    return Trigger(
        id=event.id,
        type=short,
        topic=topic,
        account=event.account,
        evidence=evidence,
        data={**data, "rule": data["rule"], "why": data["why"]},
        expires=event.time + lasts if expires is None else expires,
    )


def _decision(event: Attributes, envelope: Mapping[str, Any], data: Mapping[str, Any]) -> Decision:
    reasons = tuple(_REASONS[reason] for reason in data["reasons"])
    return Decision(
        id=event.id,
        signal=data["signal"],
        trigger=data["trigger"],
        decision=_VERDICTS[data["decision"]],
        reason=reasons[0] if reasons else None,
        reasons=reasons,
        until=None if data["until"] is None else parse_instant(data["until"]),
        rule=data["rule"],
        account=event.account,
        time=event.time,
        traceparent=attributes.traceparent(envelope),
    )


def _expiry(envelope: Mapping[str, Any]) -> Instant | None:
    written = envelope.get("expirytime")
    return None if written is None else attributes.instant("expirytime", written)
