"""What a subscriber is given of a trigger's record."""

from __future__ import annotations

import contextlib
import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.sdk.triggers import Trigger, TriggerData, UnreadableError, handed_out, read
from expansion_signals.wire.schema_files import schema_files

EXAMPLES = Path(str(schema_files())) / "examples"
TRIGGERS = sorted(
    path
    for path in EXAMPLES.glob("*/*/*/*.json")
    if not path.parts[-3].startswith("signal.")
    and path.parts[-4] not in ("usage-events", "account-updates", "expansion-decisions")
)
EVENT = json.loads((EXAMPLES / "expansion-limit-reached/limit.reached/1/with-recommendation.json").read_text())


def trigger(**changes: object) -> Trigger:
    return handed_out(read(json.dumps(EVENT | changes).encode()), "expansion-limit-reached", lambda: None)


@pytest.mark.parametrize("path", TRIGGERS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_example_of_a_trigger_is_read(path: Path) -> None:
    assert read(path.read_bytes()).type == path.parts[-3]


def test_what_all_triggers_have_stands_in_attributes() -> None:
    found = trigger(traceparent="00-1-2-01")
    assert (found.id, found.type, found.account) == (EVENT["id"], "limit.reached", "acct-1")
    assert (found.topic, found.traceparent) == ("expansion-limit-reached", "00-1-2-01")


def test_times_are_in_utc_to_the_microsecond() -> None:
    found = trigger(recordedtime="2026-11-22T01:00:00.042017+01:00")
    assert found.time == datetime(2026, 11, 22, tzinfo=UTC)
    assert found.recorded == datetime(2026, 11, 22, 0, 0, 0, 42_017, tzinfo=UTC)
    assert found.expires - found.time == timedelta(days=7)


def test_data_is_read_by_attribute_and_by_name() -> None:
    data = trigger().data
    assert data.recommendation.kind == data["recommendation"]["kind"] == "add_on"


def test_lists_are_tuples_of_the_same() -> None:
    assert [each.value for each in trigger().data.crossed] == ["80"]


def test_what_is_not_there_is_told_with_what_is() -> None:
    with pytest.raises(AttributeError, match=r"no 'utilisation' here; there are: .*utilization"):
        _ = trigger().data.utilisation


def test_an_absent_name_is_a_key_error_too() -> None:
    with pytest.raises(KeyError):
        _ = trigger().data["utilisation"]


def test_what_a_trigger_says_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="as it was decided"):
        trigger().data.why = "because"


def test_data_is_copied_whole() -> None:
    data = trigger().data
    assert copy.deepcopy(data) == data


def test_equal_data_are_equal_mappings() -> None:
    assert trigger().data == TriggerData(EVENT["data"])


def test_numbers_are_read_exactly() -> None:
    value = json.dumps(EVENT | {"data": {"share": 7}}).replace("7}", "0.10}").encode()
    assert str(read(value).data["share"]) == "0.10"


def test_without_an_expirytime_it_expires_after_30_days() -> None:
    event = {name: value for name, value in EVENT.items() if name != "expirytime"}
    found = handed_out(read(json.dumps(event).encode()), "t", lambda: None)
    assert found.expires - found.time == timedelta(days=30)


def test_without_a_recordedtime_it_was_decided_when_it_happened() -> None:
    event = {name: value for name, value in EVENT.items() if name != "recordedtime"}
    found = handed_out(read(json.dumps(event).encode()), "t", lambda: None)
    assert found.recorded == found.time


def test_a_later_version_of_a_type_is_read() -> None:
    assert trigger(type="expansion.limit.reached.v2").type == "limit.reached"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": 7},
        {"id": "a\x1fb"},
        {"id": "\ud800"},
        {"type": "com.acme.report"},
        {"type": None},
        {"subject": None},
        {"time": "yesterday"},
        {"time": "2026-11-22T00:00:00"},
        {"recordedtime": 1},
        {"expirytime": "never"},
        {"data": None},
        {"data": []},
    ],
    ids=str,
)
def test_what_lacks_what_a_trigger_needs_is_unreadable(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError):
        read(json.dumps(EVENT | changes).encode())


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_json_object_is_unreadable(value: bytes | None) -> None:
    with pytest.raises(UnreadableError):
        read(value)


JSON = st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps).map(str.encode)


@given(st.binary(max_size=200) | JSON)
def test_whatever_a_record_holds_it_is_read_or_unreadable(value: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        read(value)
