"""Signals on `expansion-signals`: written by metering, read back by deciding."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.events import BUILT_IN_PREFIX, Evidence
from expansion_signals.model.instants import format_instant
from expansion_signals.model.signals import Signal, Told
from expansion_signals.wire import attributes
from expansion_signals.wire.cloudevents import open_envelope
from expansion_signals.wire.published import Published, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing, Record

TOPIC = "expansion-signals"

_TYPE = re.compile(re.escape(BUILT_IN_PREFIX) + r"signal\.(?P<short>[a-z_.]+)\.(?P<version>v\d+)", re.ASCII)
_VERSION = "v1"


def write(signal: Signal, recorded: Instant) -> Outgoing:
    """Return the record of a signal; its `keys` and `arms` travel in the data."""
    return encode(
        Published.caused_by(
            signal.evidence,
            topic=TOPIC,
            type=f"{BUILT_IN_PREFIX}signal.{signal.type}.{_VERSION}",
            id=signal.id,
            account=signal.account,
            data={**signal.data, "keys": list(signal.keys), **_told_arms(signal)},
        ),
        recorded,
    )


def _told_arms(signal: Signal) -> dict[str, object]:
    arms = [told._asdict() | {"appended": format_instant(told.appended)} for told in signal.arms]
    return {"arms": arms} if arms else {}


def read(record: Record) -> Signal:
    """Return the signal that `write` wrote; `user` and `session` of its evidence are those of its data.

    Raises:
        RejectedRecord: not a signal, or one in a version that this program does not know.
    """
    envelope = open_envelope(record)
    event = attributes.required(envelope)
    data = dict(_data(envelope))
    return Signal(
        id=event.id,
        type=_short_type(event.type),
        account=event.account,
        evidence=Evidence(
            id=attributes.name("causationid", envelope.get("causationid")),
            source=attributes.name("causationsource", envelope.get("causationsource")),
            time=event.time,
            user=_optional_name("user", data),
            session=_optional_name("session", data),
            traceparent=attributes.traceparent(envelope),
        ),
        keys=_keys(data.pop("keys", [])),
        arms=_arms(data.pop("arms", [])),
        data=data,
    )


def _short_type(event_type: str) -> str:
    match = _TYPE.fullmatch(event_type)
    if match is None:
        raise RejectedRecord("invalid_attribute", f"type {event_type[:80]!r} is not the type of a signal")
    if match["version"] != _VERSION:
        raise RejectedRecord("unknown_version", f"{event_type[:80]} is not known; known: {_VERSION}")
    return match["short"]


def _data(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise RejectedRecord("invalid_data", f"data must be a JSON object, got {type(data).__name__}")
    if _holds_fraction(data):
        raise RejectedRecord("invalid_data", "data: a fraction stands as a string in everything that is published")
    return data


def _holds_fraction(value: dict[str, Any] | list[Any]) -> bool:
    for each in value.values() if isinstance(value, dict) else value:
        # By the very type, as JSON is read: of all that a signal holds most are texts, and need no further look.
        kind = type(each)
        if kind is Decimal or ((kind is dict or kind is list) and _holds_fraction(each)):
            return True
    return False


def _keys(keys: object) -> tuple[str, ...]:
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise RejectedRecord("invalid_data", "data.keys: expected a list of strings")
    return tuple(keys)


def _arms(arms: object) -> tuple[Told, ...]:
    if not isinstance(arms, list):
        raise RejectedRecord("invalid_data", "data.arms: expected a list of objects")
    return tuple(_told(arm) for arm in arms)


def _told(arm: object) -> Told:
    if not isinstance(arm, dict):
        raise RejectedRecord("invalid_data", "data.arms: expected a list of objects")
    threshold, generation, appended = arm.get("threshold"), arm.get("generation"), arm.get("appended")
    if not isinstance(threshold, str) or not isinstance(generation, int) or isinstance(generation, bool):
        raise RejectedRecord("invalid_data", "data.arms: expected a `threshold` and its `generation`")
    return Told(threshold, generation, attributes.instant("data.arms.appended", appended))


def _optional_name(name: str, data: Mapping[str, Any]) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise RejectedRecord("invalid_data", f"data.{name}: expected a string or null")
    return value
