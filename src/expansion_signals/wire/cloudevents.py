"""The CloudEvents 1.0 envelope on Kafka, in both its forms (semantics 1.1).

Structured: the whole event is one JSON object in the record's value. Binary: the attributes are `ce_*` headers
and the value is the data. Both open to the same shape, a mapping of attributes with the parsed data under `data`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from expansion_signals.errors import RejectedRecord
from expansion_signals.wire.json_text import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.records import Record

STRUCTURED = "application/cloudevents+json"

LARGEST_VALUE = 1024 * 1024
"""Bytes of the largest value that is read (semantics 10.4)."""

_EVENT_MEDIA_TYPE = "application/cloudevents"
_ATTRIBUTE_HEADER = "ce_"


def open_envelope(record: Record) -> Mapping[str, Any]:
    """Return the attributes of the event in this record, with its data, if it has any, under `data`.

    Raises:
        RejectedRecord: `too_large`, judged before anything is read; `unparsable`; `invalid_attribute` for a header
            that is not UTF-8; `invalid_data` for an event with both `data` and `data_base64`.
    """
    if record.value is not None and len(record.value) > LARGEST_VALUE:
        raise RejectedRecord("too_large", f"value has {len(record.value)} bytes; at most {LARGEST_VALUE} are read")
    headers = {name.lower(): value for name, value in record.headers if value is not None}
    return _binary(headers, record.value) if _is_binary(headers) else _structured(record.value)


def _is_binary(headers: Mapping[str, bytes]) -> bool:
    if not headers:
        return False
    content_type = headers.get("content-type")
    if content_type is None:
        return "ce_specversion" in headers
    if _is_event(content_type):
        return False
    return any(name.startswith(_ATTRIBUTE_HEADER) for name in headers)


@lru_cache(maxsize=64)
def _is_event(content_type: bytes) -> bool:
    # Cached because a product app writes the same content type into every record.
    media_type = content_type.decode("latin-1").partition(";")[0].strip().lower()
    if media_type.startswith(_EVENT_MEDIA_TYPE) and media_type != STRUCTURED:
        raise RejectedRecord("unparsable", f"content type {media_type[:80]!r} is not read; send {STRUCTURED}")
    return media_type == STRUCTURED


def _structured(value: bytes | None) -> Mapping[str, Any]:
    if value is None:
        raise RejectedRecord("unparsable", "the record has no value")
    envelope = parse(value)
    if not isinstance(envelope, dict):
        raise RejectedRecord("unparsable", f"expected a JSON object, got {type(envelope).__name__}")
    if "data_base64" in envelope:
        envelope["data"] = _decoded(envelope)
    return envelope


def _decoded(envelope: Mapping[str, Any]) -> object:
    if envelope.get("data") is not None:
        raise RejectedRecord("invalid_data", "an event has either data or data_base64, not both")
    encoded = envelope["data_base64"]
    if encoded is None:
        return None
    try:
        return parse(b64decode(encoded, validate=True))
    except (TypeError, ValueError, binascii.Error):
        raise RejectedRecord("unparsable", "data_base64 is not base64") from None


def _binary(headers: Mapping[str, bytes], value: bytes | None) -> Mapping[str, Any]:
    envelope: dict[str, Any] = {
        name.removeprefix(_ATTRIBUTE_HEADER): _text(name, content)
        for name, content in headers.items()
        if name.startswith(_ATTRIBUTE_HEADER)
    }
    # An event without data has no value in this form; that is no defect of the record. Nor is what says that it is no
    # JSON: its bytes stand for themselves.
    media_type = headers.get("content-type", b"json")
    if value:
        envelope["data"] = parse(value) if b"json" in media_type.lower() else value.decode("latin-1")
    else:
        envelope["data"] = None
    return envelope


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise RejectedRecord("invalid_attribute", f"header {name} is not UTF-8") from None
