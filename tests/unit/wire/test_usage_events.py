from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import DAY, HOUR, MINUTE, format_instant
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.contracts import BUILT_IN_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from expansion_signals.model.records import Record

REQUIRED = ["specversion", "id", "source", "type", "subject", "time"]
NAMES = ["id", "source", "type", "subject"]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def usage(value: str) -> bytes:
    """Return an event whose value stands in the JSON exactly so."""
    return (
        b'{"specversion":"1.0","id":"1","source":"/a","type":"expansion.usage.recorded.v1","subject":"acct-1",'
        b'"time":"2026-11-22T10:00:00Z","data":{"meter":"m","value":' + value.encode() + b"}}"
    )


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"\xff\xfe",
        b'{"id":"\xff"}',
        b"{} {}",
        b'{"id":"a","id":"b"}',
        b'{"id":NaN}',
        b'{"id":"\\ud800"}',
        b'{"id":1e99999999999999999999}',
        b'{"id":' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 300 + b"1" + b"}" * 300,
    ],
)
def test_what_is_not_one_json_object_is_unparsable(refusal: Callable[..., str], value: bytes) -> None:
    assert refusal(value) == "unparsable"


def test_a_record_without_a_value_is_unparsable(refusal: Callable[..., str]) -> None:
    assert refusal(None) == "unparsable"


@pytest.mark.parametrize("attribute", REQUIRED)
def test_a_missing_attribute_is_named(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any], attribute: str
) -> None:
    del envelope[attribute]

    with pytest.raises(RejectedRecord, match=attribute) as caught:
        codec.usage_event(record(envelope))
    assert caught.value.code == "missing_attribute"


@pytest.mark.parametrize("attribute", REQUIRED)
def test_a_null_attribute_is_missing(refusal: Callable[..., str], envelope: dict[str, Any], attribute: str) -> None:
    assert refusal({**envelope, attribute: None}) == "missing_attribute"


@pytest.mark.parametrize("attribute", REQUIRED)
@pytest.mark.parametrize("value", ["", 7, True, [], {}, 1.5])
def test_an_attribute_of_a_wrong_type_is_invalid(
    refusal: Callable[..., str], envelope: dict[str, Any], attribute: str, value: object
) -> None:
    assert refusal({**envelope, attribute: value}) == "invalid_attribute"


@pytest.mark.parametrize("attribute", NAMES)
@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "\x1f", "a\x7fb", "a\x85b", "a" * 513])
def test_a_name_with_control_characters_or_beyond_512_characters_is_invalid(
    refusal: Callable[..., str], envelope: dict[str, Any], attribute: str, value: str
) -> None:
    assert refusal({**envelope, attribute: value}) == "invalid_attribute"


@pytest.mark.parametrize(
    "account", ["a" * 512, "Käse GmbH", "アカウント", "a\N{NO-BREAK SPACE}b", "\N{PILE OF POO}", "a b"]
)
def test_a_name_may_be_any_text_without_control_characters(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any], account: str
) -> None:
    assert codec.usage_event(record({**envelope, "subject": account})).account == account


@pytest.mark.parametrize("version", ["0.3", "1", "1.0.2", "2.0", " 1.0"])
def test_another_specversion_is_invalid(refusal: Callable[..., str], envelope: dict[str, Any], version: str) -> None:
    assert refusal({**envelope, "specversion": version}) == "invalid_attribute"


@pytest.mark.parametrize(
    "time", ["yesterday", "2026-11-22", "2026-11-22T10:00:00", "2026-02-30T10:00:00Z", "1795341600"]
)
def test_a_time_that_is_not_rfc_3339_is_invalid(
    refusal: Callable[..., str], envelope: dict[str, Any], time: str
) -> None:
    assert refusal({**envelope, "time": time}) == "invalid_attribute"


def test_a_time_five_minutes_ahead_is_accepted(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    arrived = record(envelope)
    envelope["time"] = format_instant(arrived.appended + 5 * MINUTE)

    assert codec.usage_event(record(envelope)).time == arrived.appended + 5 * MINUTE


def test_a_time_more_than_five_minutes_ahead_is_in_the_future(
    refusal: Callable[..., str], record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    assert refusal({**envelope, "time": format_instant(record(b"").appended + 5 * MINUTE + 1)}) == "in_future"


def test_a_time_exactly_as_old_as_the_acceptance_window_is_accepted(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    envelope["time"] = format_instant(record(b"").appended - DAY)

    assert codec.usage_event(record(envelope)).account == "acct-1"


def test_an_older_time_is_too_old(
    refusal: Callable[..., str], record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    assert refusal({**envelope, "time": format_instant(record(b"").appended - DAY - 1)}) == "too_old"


def test_a_backfill_does_not_widen_the_acceptance_window(
    refusal: Callable[..., str], record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    old = {**envelope, "time": format_instant(record(b"").appended - 2 * DAY), "backfill": True}

    assert refusal(old) == "too_old"


def test_the_acceptance_window_can_be_set(record: Callable[..., Record], envelope: dict[str, Any]) -> None:
    envelope["time"] = format_instant(record(b"").appended - 2 * HOUR)

    with pytest.raises(RejectedRecord) as caught:
        CloudEventsCodec(acceptance=HOUR).usage_event(record(envelope))
    assert caught.value.code == "too_old"


def test_a_value_over_one_mebibyte_is_too_large_whatever_is_in_it(refusal: Callable[..., str]) -> None:
    assert refusal(b"[" * (1024 * 1024 + 1)) == "too_large"


def test_a_value_of_one_mebibyte_is_read(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    spaces = 1024 * 1024 - len(json.dumps(envelope).encode())

    assert codec.usage_event(record(json.dumps(envelope).encode() + b" " * spaces)).id == "7f1c"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("-0", 0),
        ("1.10", Decimal("1.10")),
        ("9007199254740993", 9007199254740993),
        ("0.1", Decimal("0.1")),
        ("1e400", Decimal("1E+400")),
        ("-12.5", Decimal("-12.5")),
        ("9" * 400, int("9" * 400)),
        ("0." + "1" * 398, Decimal("0." + "1" * 398)),
        ('"12.50"', "12.50"),
        ('"-1E2"', "-1E2"),
    ],
)
def test_a_number_is_read_exactly_as_written(
    codec: CloudEventsCodec, record: Callable[..., Record], written: str, value: object
) -> None:
    assert codec.usage_event(record(usage(written))).data["value"] == value


@pytest.mark.parametrize(
    "written",
    [
        '"NaN"',
        '"Infinity"',
        '"-inf"',
        '""',
        '" 1"',
        '"1_000"',
        '"1,5"',
        '"0x10"',
        '"\N{ARABIC-INDIC DIGIT ONE}"',
        '"1\\n"',
        "true",
        "null",
        "[]",
        "{}",
        "9" * 401,
        "0." + "1" * 399,
        '"' + "9" * 401 + '"',
        '"0.' + "1" * 500_000 + '"',
    ],
)
def test_a_value_that_is_no_decimal_of_at_most_400_digits_is_invalid(refusal: Callable[..., str], written: str) -> None:
    assert refusal(usage(written)) == "invalid_data"


def test_every_problem_of_the_data_is_in_one_message(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    envelope["data"] = {"value": "many", "user": 7}

    with pytest.raises(RejectedRecord) as caught:
        codec.usage_event(record(envelope))
    assert [name for name in ("data.meter", "data.value", "data.user") if name in caught.value.message] == [
        "data.meter",
        "data.value",
        "data.user",
    ]


@pytest.mark.parametrize("data", [[], "text", 1, True])
def test_data_that_is_no_object_is_invalid_in_a_built_in_type(
    refusal: Callable[..., str], envelope: dict[str, Any], data: object
) -> None:
    assert refusal({**envelope, "data": data}) == "invalid_data"


@pytest.mark.parametrize("data", [[], "text", 1, True])
def test_data_that_is_no_object_has_no_property_to_name_in_a_products_own_event(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any], data: object
) -> None:
    event = codec.usage_event(record({**envelope, "type": "com.acme.report.exported", "data": data}))
    assert event.data == {"": data}


def test_bytes_that_say_they_are_no_json_are_kept_as_they_are(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    attributes = {
        "specversion": "1.0",
        "id": "a-1",
        "source": "/apps/web",
        "type": "com.acme.report.exported",
        "subject": "acct-1",
        "time": "2026-11-22T10:00:00Z",
    }
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    event = codec.usage_event(record(b"\x00\xff", *headers, ("content-type", b"application/avro")))
    assert event.data == {"": "\x00\xff"}


def test_a_products_own_event_may_hold_anything(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    data = {"user": {"id": 5}, "text": "two\nlines"}

    assert codec.usage_event(record({**envelope, "type": "com.acme.report.exported", "data": data})).data == data


def test_a_products_own_event_needs_no_data(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    del envelope["data"]

    assert codec.usage_event(record({**envelope, "type": "com.acme.report.exported"})).data == {}


def test_unknown_properties_are_kept(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    envelope["data"]["colour"] = "blue"

    assert codec.usage_event(record(envelope)).data == envelope["data"]


@pytest.mark.parametrize("event_type", sorted(BUILT_IN_TYPES))
def test_a_built_in_type_in_another_version_is_unknown(
    refusal: Callable[..., str], envelope: dict[str, Any], event_type: str
) -> None:
    assert refusal({**envelope, "type": event_type.removesuffix("1") + "2"}) == "unknown_version"


@pytest.mark.parametrize("version", ["v2", "v10", "1", "v1.1", "V1"])
def test_whatever_follows_a_built_in_name_is_its_version(
    refusal: Callable[..., str], envelope: dict[str, Any], version: str
) -> None:
    assert refusal({**envelope, "type": f"expansion.usage.recorded.{version}"}) == "unknown_version"


def test_a_name_that_only_begins_as_a_built_in_one_is_a_products_own(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    event_type = "expansion.usage.recordedly.v2"

    assert codec.usage_event(record({**envelope, "type": event_type})).type == event_type


@pytest.mark.parametrize("key", [None, b"acct-2", b"\xff"])
def test_the_key_plays_no_part(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any], key: bytes | None
) -> None:
    assert codec.usage_event(record(envelope, key=key)).account == "acct-1"


@pytest.mark.parametrize(("written", "backfill"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_backfill_is_a_flag_or_its_text(
    codec: CloudEventsCodec,
    record: Callable[..., Record],
    envelope: dict[str, Any],
    written: object,
    *,
    backfill: bool,
) -> None:
    assert codec.usage_event(record({**envelope, "backfill": written})).backfill is backfill


@pytest.mark.parametrize("written", ["yes", 1, 0, [], "TRUE"])
def test_a_backfill_that_must_be_guessed_is_invalid(
    refusal: Callable[..., str], envelope: dict[str, Any], written: object
) -> None:
    assert refusal({**envelope, "backfill": written}) == "invalid_attribute"


@pytest.mark.parametrize(("written", "carried"), [(TRACE, TRACE), ("garbage", None), (7, None)])
def test_a_traceparent_is_carried_and_a_malformed_one_ignored(
    codec: CloudEventsCodec,
    record: Callable[..., Record],
    envelope: dict[str, Any],
    written: object,
    carried: str | None,
) -> None:
    assert codec.usage_event(record({**envelope, "traceparent": written})).traceparent == carried
