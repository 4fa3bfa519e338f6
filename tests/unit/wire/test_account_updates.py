from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import MINUTE, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from expansion_signals.model.records import Record
    from expansion_signals.wire.codec import CloudEventsCodec


@pytest.fixture
def update(envelope: dict[str, Any]) -> dict[str, Any]:
    return {**envelope, "type": "expansion.account.updated.v1", "data": {"version": 7, "plan": "pro"}}


def refused(codec: CloudEventsCodec, record: Record) -> str:
    with pytest.raises(RejectedRecord) as caught:
        codec.account_update(record)
    return caught.value.code


def test_a_snapshot_is_read_whole(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any]
) -> None:
    update["data"]["limits"] = {"seats": "10.5"}
    snapshot = codec.account_update(record(update)).snapshot

    assert snapshot is not None
    assert (snapshot.version, snapshot.plan, snapshot.limits) == (7, "pro", {"seats": Decimal("10.5")})


def test_the_event_that_brought_the_snapshot_is_its_evidence(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any]
) -> None:
    evidence = codec.account_update(record(update)).evidence

    assert (evidence.id, evidence.source, evidence.time) == ("7f1c", "/apps/web", parse_instant(update["time"]))


def test_a_null_value_is_a_tombstone(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    tombstone = codec.account_update(record(None, key="Käse".encode()))

    assert (tombstone.account, tombstone.snapshot) == ("Käse", None)


def test_two_readings_of_a_tombstone_have_the_same_evidence(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    assert codec.account_update(record(None)).evidence == codec.account_update(record(None)).evidence


def test_an_update_of_any_age_is_read(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any]
) -> None:
    assert codec.account_update(record({**update, "time": "2001-01-01T00:00:00Z"})).account == "acct-1"


def test_an_update_five_minutes_ahead_is_read(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any]
) -> None:
    ahead = record(update).appended + 5 * MINUTE
    assert codec.account_update(record({**update, "time": format_instant(ahead)})).evidence.time == ahead


def test_an_update_more_than_five_minutes_ahead_is_in_the_future_because_its_anchor_would_be(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any]
) -> None:
    ahead = record(update).appended + 5 * MINUTE + 1
    assert refused(codec, record({**update, "time": format_instant(ahead)})) == "in_future"


def test_a_level_as_of_a_time_to_come_is_refused(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any]
) -> None:
    usage = {"calls": {"value": "1", "as_of": format_instant(record(update).appended + 5 * MINUTE + 1)}}
    assert refused(codec, record({**update, "data": {**update["data"], "usage": usage}})) == "invalid_data"


@pytest.mark.parametrize("key", [None, b"acct-2", b"\xff"])
def test_a_key_that_is_not_the_subject_is_a_mismatch(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any], key: bytes | None
) -> None:
    assert refused(codec, record(update, key=key)) == "key_mismatch"


def test_a_tombstone_without_a_key_is_a_mismatch(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    assert refused(codec, record(None, key=None)) == "key_mismatch"


@pytest.mark.parametrize("key", [b"", b"a\x00b", b"a" * 513])
def test_a_tombstone_whose_key_can_name_no_account_is_invalid(
    codec: CloudEventsCodec, record: Callable[..., Record], key: bytes
) -> None:
    assert refused(codec, record(None, key=key)) == "invalid_attribute"


def test_a_later_version_of_the_type_is_unknown(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any]
) -> None:
    assert refused(codec, record({**update, "type": "expansion.account.updated.v2"})) == "unknown_version"


def test_another_type_is_invalid(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any]
) -> None:
    assert refused(codec, record({**update, "type": "expansion.usage.recorded.v1"})) == "invalid_attribute"


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": -1},
        {"plan": ""},
        {"plan": None},
        {"status": "happy"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "Europe"},
        {"limits": {"seats": "NaN"}},
        {"limits": {"seats": "9" * 401}},
        {"renewal_at": "9999-12-31T23:59:60Z"},
        {"members": "u-1"},
    ],
)
def test_a_snapshot_that_breaks_its_contract_is_invalid(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert refused(codec, record({**update, "data": {**update["data"], **wrong}})) == "invalid_data"


@pytest.mark.parametrize("data", [None, [], "pro"])
def test_an_update_without_a_snapshot_is_invalid(
    codec: CloudEventsCodec, record: Callable[..., Record], update: dict[str, Any], data: object
) -> None:
    assert refused(codec, record({**update, "data": data})) == "invalid_data"


def test_an_update_over_one_mebibyte_is_too_large(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    assert refused(codec, record(b" " * (1024 * 1024 + 1))) == "too_large"
