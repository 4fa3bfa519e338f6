"""The plain case of an event is read as the long way reads it, or not at all, however a record is made or broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import DAY, MINUTE, parse_instant
from expansion_signals.model.records import Record
from expansion_signals.wire.codec import CLOCK_SKEW, CloudEventsCodec
from expansion_signals.wire.plain_events import plain_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expansion_signals.model.events import UsageEvent

APPENDED = parse_instant("2026-11-22T10:05:00Z")
CODEC = CloudEventsCodec()
PLAIN: dict[str, Any] = {
    "specversion": "1.0",
    "id": "7f1c",
    "source": "/apps/web",
    "type": "expansion.usage.recorded.v1",
    "subject": "acct-1",
    "time": "2026-11-22T10:00:00.123Z",
    "datacontenttype": "application/json",
    "data": {"meter": "api_calls", "value": "1", "user": "u-42"},
}
TYPES = ["expansion.usage.recorded.v1", "expansion.usage.recorded.v2", "expansion.usage.imported.v1", "com.acme.done"]
TIMES = ["2026-11-22T10:00:00Z", "2026-11-22t10:00:60z", "2026-11-22T11:00:00+01:00", "2026-11-22T10:30:00Z", "", "now"]
TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["", "u-42", "é", "\x7f", "\t", '"', "\\", "x" * 513, "\ud800"]))
NUMBERS = st.one_of(st.integers(), st.integers(-(10**20), 10**20), st.floats(allow_nan=False), st.sampled_from([True]))
VALUES = st.one_of(TEXTS, NUMBERS, st.none(), st.lists(NUMBERS, max_size=2), st.dictionaries(TEXTS, TEXTS, max_size=2))
DATA = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"meter": VALUES, "value": VALUES, "user": VALUES, "session": VALUES, "day": VALUES}
    ),
    VALUES,
)
CHANGED = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("id", "source", "subject", "specversion", "datacontenttype", "data_base64"), VALUES),
        "type": st.one_of(st.sampled_from(TYPES), VALUES),
        "time": st.one_of(st.sampled_from(TIMES), VALUES),
        "data": DATA,
        "backfill": st.one_of(st.sampled_from([True, "true", "no"]), VALUES),
        "traceparent": VALUES,
    },
)
HEADERS = st.sampled_from(
    [
        (),
        (("content-type", b"application/cloudevents+json"),),
        (("Content-Type", b"application/cloudevents+json; charset=utf-8"),),
        (("content-type", b"application/json"), ("ce_id", b"1")),
        (("ce_specversion", b"1.0"),),
    ]
)


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """Return an event's text, spelled in one of many ways; some have keys twice, or bytes that are out of place."""
    event = {**PLAIN, **draw(CHANGED)}
    for name in draw(st.lists(st.sampled_from(sorted(PLAIN)), max_size=1)):
        event.pop(name, None)
    text = json.dumps(
        {name: event[name] for name in draw(st.permutations(sorted(event)))},
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :")])),
    )
    if draw(st.booleans()):
        twice = draw(st.sampled_from(['"id":"other"', '"data":{}', '"n":1', '"value":2', '"a":[{"b":"c"}]', '"id":1']))
        place = draw(st.sampled_from([place for place, letter in enumerate(text) if letter == "{"]))
        text = f"{text[: place + 1]}{twice},{text[place + 1 :]}"
    value = text.encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 2)) if draw(st.booleans()) else 0):
        place = draw(st.integers(0, len(value)))
        value = value[:place] + draw(st.binary(max_size=2)) + value[place + draw(st.integers(0, 2)) :]
    return value


def outcome(read: Callable[[Record], UsageEvent | None], record: Record) -> object:
    try:
        return read(record)
    except RejectedRecord as rejected:
        return rejected.code, rejected.message


def record(value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> Record:
    return Record("usage-events", 0, 7, b"acct-1", value, headers, APPENDED)


def plainly(read: Record) -> UsageEvent | None:
    return plain_event(read, DAY, CLOCK_SKEW)


@given(written(), HEADERS)
@example(json.dumps(PLAIN).encode(), ())
@example(json.dumps(PLAIN).replace('"id"', '"id": "first", "id"').encode(), ())
@example(json.dumps({**PLAIN, "further": "x"}).encode(), ())
def test_what_is_read_plainly_is_what_the_long_way_reads(value: bytes, headers: Sequence[tuple[str, bytes]]) -> None:
    read = record(value, headers)
    plain = outcome(plainly, read)
    assert plain is None or plain == outcome(CODEC._any_usage_event, read)


def test_what_the_sdk_sends_is_plain() -> None:
    event = plainly(record(json.dumps(PLAIN).encode()))
    assert event is not None
    assert (event.account, event.data["user"], event.time) == ("acct-1", "u-42", APPENDED - 5 * MINUTE + 123_000)


def test_a_product_s_own_event_is_plain() -> None:
    own = {**PLAIN, "type": "com.acme.report.exported", "data": {"report": "r-1", "pages": 7}}
    assert plainly(record(json.dumps(own).encode(), (("content-type", b"application/cloudevents+json"),))) is not None
