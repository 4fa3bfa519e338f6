"""Whatever arrives is an event or a dead letter with a code; nothing else leaves the codec."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.errors import DeadLetterCode, RejectedRecord
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.records import DeadLetter, Record
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.contracts import BUILT_IN_TYPES

CODEC = CloudEventsCodec()
APPENDED = parse_instant("2026-11-22T10:00:01Z")
CODES = set(get_args(DeadLetterCode))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
properties = st.sampled_from(
    ["meter", "value", "user", "session", "dimensions", "blocked", "expires_at", "sentiment", "day"]
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "specversion": st.just("1.0") | json_values,
        "id": st.text() | json_values,
        "source": st.text() | json_values,
        "type": st.sampled_from(sorted(BUILT_IN_TYPES)) | st.just("com.acme.done") | json_values,
        "subject": st.text(min_size=1) | json_values,
        "time": st.just("2026-11-22T10:00:00Z") | json_values,
        "data": st.dictionaries(properties, json_values) | json_values,
        "data_base64": json_values,
        "backfill": json_values,
        "traceparent": json_values,
    },
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce_specversion", "ce_id", "ce_time", "ce_type", "dlq_attempts"]) | st.text(),
        st.none() | st.sampled_from([b"1.0", b"application/json", b"application/cloudevents+json"]) | st.binary(),
    ),
    max_size=4,
)


def judged(record: Record) -> str:
    """Return `event` or the code of the dead letter; the letter itself must be writable too."""
    try:
        assert isinstance(CODEC.usage_event(record), UsageEvent)
    except RejectedRecord as refusal:
        CODEC.dead_letter(DeadLetter(record, refusal.code, refusal.message), APPENDED)
        CODEC.truncated(DeadLetter(record, refusal.code, refusal.message), APPENDED)
        return refusal.code
    return "event"


def printed(envelope: dict[str, Any]) -> bytes:
    return json.dumps(envelope).encode()


@given(value=st.none() | st.binary() | envelopes.map(printed), carried=headers)
def test_any_record_is_an_event_or_a_dead_letter(value: bytes | None, carried: list[tuple[str, bytes | None]]) -> None:
    assert judged(Record("usage-events", 0, 0, None, value, carried, APPENDED)) in CODES | {"event"}


@given(value=envelopes.map(printed), key=st.none() | st.binary())
def test_any_account_update_is_read_or_refused(value: bytes, key: bytes | None) -> None:
    with suppress(RejectedRecord):
        update = CODEC.account_update(Record("account-updates", 0, 0, key, value, (), APPENDED))
        assert update.account == (key or b"").decode()
