"""An event, written once: at the call, with its id, as the bytes that every later attempt sends."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedEvent
from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.instants import MILLISECOND, format_instant
from expansion_signals.sdk.contracts import CONTRACTS
from expansion_signals.sdk.envelope import StampedOrigin, envelope, topic_of
from expansion_signals.sdk.event_ids import uuid7
from expansion_signals.sdk.values import flag, moment, name
from expansion_signals.sdk.vocabulary import Options

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.sdk.values import Written

LARGEST_EVENT = 1_000_000
"""Bytes of the largest event: with its envelope on Kafka it stays within the mebibyte that brokers take by default."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]{1,200})?")
_OPTIONS = Options.__annotations__.keys()


class WrittenEvent(NamedTuple):
    """An event ready to be sent: `topic` with the deployment's prefix, `key` the account, `value` the whole event."""

    topic: str
    key: bytes
    value: bytes


class Call(NamedTuple):
    """What a product app says of one event."""

    account: str
    type: str
    data: object
    options: Options


def written(source: str, prefix: str, call: Call) -> WrittenEvent:
    """Return the event of one call, as it will be sent.

    Raises:
        RejectedEvent: with everything that is wrong with it.
    """
    problems: list[str] = []
    unknown = call.options.keys() - _OPTIONS
    problems.extend(f"{key}: no such option; there are {', '.join(_OPTIONS)}" for key in unknown)
    origin = _origin(source, call.options, problems)
    extensions = _extensions(call.options, problems) if call.options else {}
    account = _checked("account", call.account, name, problems)
    data = _data(call, problems)
    value = b"" if problems else _text(envelope(origin, call.type, account, data, extensions), problems)
    if problems:
        raise RejectedEvent(str(call.type), str(call.account), problems)
    return WrittenEvent(prefix + topic_of(call.type), account.encode(), value)


def _origin(source: str, options: Options, problems: list[str]) -> StampedOrigin:
    now = time.time_ns() // 1_000_000 * MILLISECOND
    event_id, happened = options.get("id"), options.get("time")
    return StampedOrigin(
        source,
        _new_id(now) if event_id is None else _checked("id", event_id, name, problems),
        format_instant(now) if happened is None else _checked("time", happened, moment, problems),
    )


def _new_id(instant: Instant) -> str:
    # Of the system's chance: a fork would go on with the same numbers of Python's own.
    return uuid7(instant, int.from_bytes(os.urandom(10)))


def _checked(attribute: str, value: object, write: Written, problems: list[str]) -> str:
    try:
        return str(write(value))
    except ValueError as problem:
        problems.append(f"{attribute}: {problem}")
        return ""


def _extensions(options: Options, problems: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    traceparent, backfill = options.get("traceparent"), options.get("backfill")
    if isinstance(traceparent, str) and _TRACEPARENT.fullmatch(traceparent):
        found["traceparent"] = traceparent
    try:
        if backfill is not None and flag(backfill):
            found["backfill"] = True
    except ValueError as problem:
        problems.append(f"backfill: {problem}")
    return found


def _data(call: Call, problems: list[str]) -> dict[str, object]:
    data, session = call.data, call.options.get("session")
    if not isinstance(data, Mapping | None):
        problems.append(f"data: expected a mapping, got {type(data).__name__}")
        return {}
    told: Mapping[str, object] = data or {}
    if session is not None:
        told = {**told, "session": _checked("session", session, name, problems)}
    contract = CONTRACTS.get(call.type) if isinstance(call.type, str) else None
    if contract is not None:
        return contract.written(told, problems)
    _refuse_unknown(call.type, problems)
    return dict(told)


def _refuse_unknown(event_type: object, problems: list[str]) -> None:
    """Refuse what is no type; one of the product's own is not ours to judge, but never begins as ours do."""
    named = _checked("type", event_type, name, problems)
    if named.startswith(BUILT_IN_PREFIX):
        [*near] = get_close_matches(named, CONTRACTS, 1)
        meant = f"; is {near[0]} meant?" if near else ""
        problems.append(f"type: {named} is not built in, and {BUILT_IN_PREFIX}… is kept for what is{meant}")


def _text(document: Mapping[str, object], problems: list[str]) -> bytes:
    try:
        text = _encode(document).encode()
    except (TypeError, ValueError, RecursionError) as error:
        problems.append(f"data: has no form in JSON: {error}")
        return b""
    if len(text) > LARGEST_EVENT:
        problems.append(f"data: the event has {len(text)} bytes; at most {LARGEST_EVENT} are sent")
    return text


def _decimal_text(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_decimal_text).encode
