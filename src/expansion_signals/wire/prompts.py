"""Prompts on `prompt-events`: written by notification services, read by deciding (interfaces, Records in)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.prompts import Deed, Prompt
from expansion_signals.wire import attributes
from expansion_signals.wire.cloudevents import open_envelope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from expansion_signals.model.records import Record

TOPIC = "prompt-events"
TYPE_PREFIX = f"{BUILT_IN_PREFIX}prompt."

_DEEDS: Mapping[str, Deed] = {deed: deed for deed in get_args(Deed)}
_TYPE = re.compile(re.escape(TYPE_PREFIX) + r"(?P<deed>[a-z_]+)\.(?P<version>v\d+)", re.ASCII)
_VERSION = "v1"


def read(record: Record) -> Prompt:
    """Return what was reported of a prompt; unknown properties are ignored.

    Raises:
        RejectedRecord: with the code of the first thing that is wrong.
    """
    envelope = open_envelope(record)
    event = attributes.required(envelope)
    deed, data = _deed(event.type), _data(envelope)
    return Prompt(
        event.id,
        event.source,
        deed,
        event.account,
        _name(data, "trigger"),
        _name(data, "user"),
        event.time,
        None if data.get("session") is None else _name(data, "session"),
        _until(data) if deed == "snoozed" else None,
    )


def _deed(event_type: str) -> Deed:
    match = _TYPE.fullmatch(event_type)
    if match is None or match["deed"] not in _DEEDS:
        known = ", ".join(f"{TYPE_PREFIX}{deed}.{_VERSION}" for deed in _DEEDS)
        raise RejectedRecord("invalid_attribute", f"type must be one of {known}; got {event_type[:80]!r}")
    if match["version"] != _VERSION:
        raise RejectedRecord("unknown_version", f"{event_type[:80]} is not known; known: {_VERSION}")
    return _DEEDS[match["deed"]]


def _data(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise RejectedRecord("invalid_data", f"data must be a JSON object, got {type(data).__name__}")
    return data


def _name(data: Mapping[str, Any], name: str) -> str:
    try:
        return attributes.name(f"data.{name}", data.get(name))
    except RejectedRecord as rejected:
        raise RejectedRecord("invalid_data", rejected.message) from None


def _until(data: Mapping[str, Any]) -> int:
    try:
        return attributes.instant("data.until", data.get("until"))
    except RejectedRecord as rejected:
        raise RejectedRecord("invalid_data", rejected.message) from None
