"""The attributes every event must have, checked before anything is done with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import Instant, parse_instant
from expansion_signals.model.names import LONGEST_NAME, is_name

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED = ("specversion", "id", "source", "type", "subject", "time")

_SPECVERSION = "1.0"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]{1,200})?")


class Attributes(NamedTuple):
    """The required attributes; `account` is the CloudEvents subject, `time` is event time."""

    id: str
    source: str
    type: str
    account: str
    time: Instant


def required(envelope: Mapping[str, Any]) -> Attributes:
    """Return the required attributes (semantics 1.1).

    Raises:
        RejectedRecord: `missing_attribute`, naming all that are missing, or `invalid_attribute`.
    """
    try:
        if envelope["specversion"] != _SPECVERSION:
            _refuse_version(envelope)
        return Attributes(
            name("id", envelope["id"]),
            name("source", envelope["source"]),
            name("type", envelope["type"]),
            name("subject", envelope["subject"]),
            instant("time", envelope["time"]),
        )
    except KeyError:
        _refuse_missing(envelope)


def name(attribute: str, value: object) -> str:
    """Return the value if it can name something: 1 to 512 characters, no control character, no lone surrogate.

    Raises:
        RejectedRecord: `missing_attribute` for null, `invalid_attribute` otherwise; the message names `attribute`.
    """
    if is_name(value):
        return value
    if value is None:
        raise RejectedRecord("missing_attribute", f"{attribute} is required and missing")
    if not isinstance(value, str):
        raise RejectedRecord("invalid_attribute", f"{attribute} must be a string, got {type(value).__name__}")
    if not value:
        raise RejectedRecord("invalid_attribute", f"{attribute} is empty")
    if len(value) > LONGEST_NAME:
        raise RejectedRecord(
            "invalid_attribute", f"{attribute} has {len(value)} characters; at most {LONGEST_NAME} are read"
        )
    raise RejectedRecord("invalid_attribute", f"{attribute} contains a control character or a lone surrogate")


def backfill(envelope: Mapping[str, Any]) -> bool:
    """Return the extension attribute `backfill`: such an event counts and fires nothing (semantics 3.8).

    Raises:
        RejectedRecord: `invalid_attribute`; guessing would let a backfill fire.
    """
    value = envelope.get("backfill")
    if value is None or value is False or value == "false":
        return False
    if value is True or value == "true":
        return True
    raise RejectedRecord("invalid_attribute", "backfill must be true or false")


def traceparent(envelope: Mapping[str, Any]) -> str | None:
    """Return the extension attribute `traceparent`; one that is malformed is ignored, as W3C Trace Context asks."""
    value = envelope.get("traceparent")
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def instant(attribute: str, value: object) -> Instant:
    """Return the instant that an RFC 3339 text names.

    Raises:
        RejectedRecord: as `name` does; also where the text names none. The message names `attribute`.
    """
    text = name(attribute, value)
    try:
        return parse_instant(text)
    except ValueError as error:
        raise RejectedRecord("invalid_attribute", f"{attribute}: {error}") from None


def _refuse_version(envelope: Mapping[str, Any]) -> NoReturn:
    version = name("specversion", envelope["specversion"])
    raise RejectedRecord("invalid_attribute", f"specversion must be {_SPECVERSION!r}, got {version[:16]!r}")


def _refuse_missing(envelope: Mapping[str, Any]) -> NoReturn:
    missing = [attribute for attribute in REQUIRED if envelope.get(attribute) is None]
    raise RejectedRecord("missing_attribute", f"required and missing: {', '.join(missing)}")
