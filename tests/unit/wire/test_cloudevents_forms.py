from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from expansion_signals.model.records import Record
    from expansion_signals.wire.codec import CloudEventsCodec

BINARY = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"7f1c"),
    ("ce_source", b"/apps/web"),
    ("ce_type", b"expansion.usage.recorded.v1"),
    ("ce_subject", b"acct-1"),
    ("ce_time", b"2026-11-22T10:00:00.123Z"),
)
DATA = b'{"meter":"api_calls","value":"1","user":"u-42"}'


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/cloudevents+json",
        b"application/cloudevents+json; charset=UTF-8",
        b"Application/CloudEvents+JSON;charset=utf-8",
    ],
)
def test_a_structured_event_is_known_by_its_content_type(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any], content_type: bytes
) -> None:
    assert codec.usage_event(record(envelope, ("Content-Type", content_type))).account == "acct-1"


def test_an_event_without_headers_is_structured(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    assert codec.usage_event(record(envelope)).id == "7f1c"


def test_both_forms_read_as_the_same_event(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    binary = codec.usage_event(record(DATA, ("content-type", b"application/json"), *BINARY))

    assert binary == codec.usage_event(record(envelope))


def test_a_binary_event_needs_no_content_type(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    assert codec.usage_event(record(DATA, *BINARY)).data["meter"] == "api_calls"


def test_header_names_are_read_in_any_case(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    headers = [(name.upper(), value) for name, value in BINARY]

    assert codec.usage_event(record(DATA, *headers)).account == "acct-1"


def test_other_headers_play_no_part(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    assert codec.usage_event(record(envelope, ("trace", b"\xff"), ("empty", None))).id == "7f1c"


def test_data_in_base64_reads_as_data(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    encoded = {**envelope, "data_base64": b64encode(json.dumps(envelope["data"]).encode()).decode()}
    del encoded["data"]

    assert codec.usage_event(record(encoded)).data == envelope["data"]


def test_a_binary_event_of_a_products_own_type_needs_no_value(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    headers = dict(BINARY) | {"ce_type": b"com.acme.report.exported"}

    assert codec.usage_event(record(None, *headers.items())).data == {}


def test_a_binary_event_may_be_a_backfill(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    assert codec.usage_event(record(DATA, *BINARY, ("ce_backfill", b"true"))).backfill


def test_a_batch_is_unparsable(refusal: Callable[..., str], envelope: dict[str, Any]) -> None:
    assert refusal([envelope], ("content-type", b"application/cloudevents-batch+json")) == "unparsable"


def test_another_event_format_is_unparsable(refusal: Callable[..., str]) -> None:
    assert refusal(b"\x00", ("content-type", b"application/cloudevents+avro")) == "unparsable"


def test_a_binary_event_without_specversion_misses_an_attribute(refusal: Callable[..., str]) -> None:
    headers = (("content-type", b"application/json"), *BINARY[1:])

    assert refusal(DATA, *headers) == "missing_attribute"


def test_an_attribute_header_that_is_not_utf8_is_invalid(refusal: Callable[..., str]) -> None:
    assert refusal(DATA, *BINARY[:-1], ("ce_time", b"\xff")) == "invalid_attribute"


def test_binary_data_that_is_not_json_is_unparsable(refusal: Callable[..., str]) -> None:
    assert refusal(b"<usage/>", *BINARY) == "unparsable"


@pytest.mark.parametrize("encoded", ["###", 7, "e30", b64encode(b"{").decode(), "\N{SNOWMAN}"])
def test_base64_that_cannot_be_read_is_unparsable(
    refusal: Callable[..., str], envelope: dict[str, Any], encoded: object
) -> None:
    assert refusal({**envelope, "data": None, "data_base64": encoded}) == "unparsable"


def test_an_event_with_data_twice_is_invalid(refusal: Callable[..., str], envelope: dict[str, Any]) -> None:
    assert refusal({**envelope, "data_base64": "e30="}) == "invalid_data"
