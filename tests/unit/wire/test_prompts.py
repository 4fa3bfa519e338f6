from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.errors import DeadLetterCode, RejectedRecord
from expansion_signals.model.instants import DAY, MINUTE, format_instant, parse_instant
from expansion_signals.model.prompts import Deed, Prompt
from expansion_signals.model.records import DeadLetter, Record
from expansion_signals.wire.codec import CloudEventsCodec

if TYPE_CHECKING:
    from collections.abc import Callable

APPENDED = parse_instant("2026-11-22T10:00:01Z")
"""When the records of these tests were appended."""

UNTIL = "2026-11-29T09:00:00+01:00"


@pytest.fixture
def report(envelope: dict[str, Any]) -> dict[str, Any]:
    data = {"trigger": "5d41", "user": "u-42", "session": "s-9", "until": UNTIL}
    return {**envelope, "type": "expansion.prompt.snoozed.v1", "data": data}


def test_a_report_is_read_whole(codec: CloudEventsCodec, record: Callable[..., Record], report: dict[str, Any]) -> None:
    assert codec.prompt(record(report)) == Prompt(
        id="7f1c",
        source="/apps/web",
        deed="snoozed",
        account="acct-1",
        trigger="5d41",
        user="u-42",
        time=parse_instant("2026-11-22T10:00:00.123Z"),
        session="s-9",
        until=parse_instant("2026-11-29T08:00:00Z"),
    )


@pytest.mark.parametrize("deed", get_args(Deed))
def test_every_deed_is_read(
    codec: CloudEventsCodec, record: Callable[..., Record], report: dict[str, Any], deed: str
) -> None:
    assert codec.prompt(record(report | {"type": f"expansion.prompt.{deed}.v1"})).deed == deed


@pytest.mark.parametrize("deed", ["shown", "dismissed", "clicked"])
def test_only_a_snooze_ends(
    codec: CloudEventsCodec, record: Callable[..., Record], report: dict[str, Any], deed: str
) -> None:
    assert codec.prompt(record(report | {"type": f"expansion.prompt.{deed}.v1"})).until is None


@pytest.mark.parametrize("data", [{"session": None}, {}], ids=["null", "left out"])
def test_a_service_may_name_no_session(
    codec: CloudEventsCodec, record: Callable[..., Record], report: dict[str, Any], data: dict[str, None]
) -> None:
    told = {name: value for name, value in report["data"].items() if name != "session"} | data
    assert codec.prompt(record(report | {"data": told})).session is None


def test_unknown_properties_are_ignored(
    codec: CloudEventsCodec, record: Callable[..., Record], report: dict[str, Any]
) -> None:
    assert codec.prompt(record(report | {"data": {**report["data"], "colour": "red"}})) == codec.prompt(record(report))


def test_a_report_counts_for_its_subject_under_any_key(
    codec: CloudEventsCodec, record: Callable[..., Record], report: dict[str, Any]
) -> None:
    assert codec.prompt(record(report, key=None)).account == "acct-1"


@pytest.mark.parametrize("time", [APPENDED - 400 * DAY, APPENDED + 5 * MINUTE])
def test_a_report_may_be_of_any_age_and_of_a_clock_that_is_a_little_ahead(
    codec: CloudEventsCodec, record: Callable[..., Record], report: dict[str, Any], time: int
) -> None:
    assert codec.prompt(record(report | {"time": format_instant(time)})).time == time


BAD: dict[str, tuple[dict[str, Any], DeadLetterCode]] = {
    "no id": ({"id": None}, "missing_attribute"),
    "no subject": ({"subject": None}, "missing_attribute"),
    "no time": ({"time": None}, "missing_attribute"),
    "a time that is none": ({"time": "yesterday"}, "invalid_attribute"),
    "a time to come": ({"time": "2026-11-22T10:05:02Z"}, "in_future"),
    "an account with a control character": ({"subject": "acct\x1f1"}, "invalid_attribute"),
    "a version of CloudEvents that nobody knows": ({"specversion": "0.3"}, "invalid_attribute"),
    "another type": ({"type": "expansion.usage.recorded.v1"}, "invalid_attribute"),
    "a deed that is none": ({"type": "expansion.prompt.ignored.v1"}, "invalid_attribute"),
    "a type without a version": ({"type": "expansion.prompt.shown"}, "invalid_attribute"),
    "a later version": ({"type": "expansion.prompt.shown.v2"}, "unknown_version"),
    "no data": ({"data": None}, "invalid_data"),
    "data that is a list": ({"data": []}, "invalid_data"),
}
BAD_DATA: dict[str, dict[str, Any]] = {
    "no trigger": {"trigger": None},
    "an empty trigger": {"trigger": ""},
    "a trigger that is a number": {"trigger": 5},
    "a trigger that is too long": {"trigger": "5" * 513},
    "no user": {"user": None},
    "a user with a control character": {"user": "u\x00"},
    "a session that is a number": {"session": 9},
    "a snooze without an end": {"until": None},
    "a snooze until no time": {"until": "next week"},
    "a snooze until a number": {"until": 1795305600},
    "a snooze until a time without a zone": {"until": "2026-11-29T09:00:00"},
}


@pytest.mark.parametrize(("changes", "code"), BAD.values(), ids=BAD.keys())
def test_a_bad_report_is_refused(
    codec: CloudEventsCodec,
    record: Callable[..., Record],
    report: dict[str, Any],
    changes: dict[str, Any],
    code: DeadLetterCode,
) -> None:
    with pytest.raises(RejectedRecord) as caught:
        codec.prompt(record(report | changes))
    assert caught.value.code == code


@pytest.mark.parametrize("told", BAD_DATA.values(), ids=BAD_DATA.keys())
def test_bad_data_of_a_report_is_refused_by_its_name(
    codec: CloudEventsCodec, record: Callable[..., Record], report: dict[str, Any], told: dict[str, Any]
) -> None:
    with pytest.raises(RejectedRecord, match=rf"data\.{next(iter(told))}") as caught:
        codec.prompt(record(report | {"data": report["data"] | told}))
    assert caught.value.code == "invalid_data"


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"\xff", b"null"])
def test_what_is_no_event_is_refused(codec: CloudEventsCodec, record: Callable[..., Record], value: bytes) -> None:
    with pytest.raises(RejectedRecord) as caught:
        codec.prompt(record(value))
    assert caught.value.code == "unparsable"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
reports = st.fixed_dictionaries(
    {},
    optional={
        "specversion": st.just("1.0") | json_values,
        "id": st.text() | json_values,
        "source": st.text() | json_values,
        "type": st.sampled_from([f"expansion.prompt.{deed}.v1" for deed in get_args(Deed)]) | json_values,
        "subject": st.text(min_size=1) | json_values,
        "time": st.just("2026-11-22T10:00:00Z") | json_values,
        "data": json_values
        | st.fixed_dictionaries(
            {},
            optional={
                "trigger": st.text() | json_values,
                "user": st.text() | json_values,
                "session": json_values,
                "until": st.just(UNTIL) | json_values,
            },
        ),
    },
)


@given(value=st.none() | st.binary() | reports.map(lambda each: json.dumps(each).encode()))
def test_any_bytes_are_a_report_or_a_dead_letter(value: bytes | None) -> None:
    codec, arrived = CloudEventsCodec(), Record("prompt-events", 0, 0, None, value, (), APPENDED)
    with suppress(RejectedRecord):
        assert codec.prompt(arrived).deed in get_args(Deed)
        return
    with pytest.raises(RejectedRecord) as caught:
        codec.prompt(arrived)
    assert caught.value.code in get_args(DeadLetterCode)
    assert codec.dead_letter(DeadLetter(arrived, caught.value.code, caught.value.message), APPENDED).value == value
