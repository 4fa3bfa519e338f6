"""Records that are small to send and large to read: each is refused, or read, within its length."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.records import Record
from expansion_signals.wire.codec import CloudEventsCodec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CODEC = CloudEventsCodec()
LARGE = 900_000
SECONDS = 1.5
"""Of CPU, on a slow and busy machine, for 1 MiB: what stands still takes for ever."""

ENVELOPE = {
    "specversion": "1.0",
    "id": "1",
    "source": "/",
    "type": "expansion.usage.recorded.v1",
    "subject": "acct-1",
    "time": "2026-11-22T10:00:00Z",
}


def usage(data: str, **attributes: str) -> bytes:
    return json.dumps({**ENVELOPE, **attributes, "data": "DATA"}).replace('"DATA"', data).encode()


def update(part: str) -> bytes:
    return usage('{"version":1,"plan":"free",' + part + "}", type="expansion.account.updated.v1")


def of_many(form: str, count: int) -> str:
    return ",".join(form.replace("#", str(number)) for number in range(count))


USAGE: Mapping[str, tuple[bytes, str]] = {
    "lists-in-lists": (b"[" * LARGE, "unparsable"),
    "objects-in-objects": (b'{"a":' * (LARGE // 5), "unparsable"),
    "objects-in-the-data": (usage('{"a":' * (LARGE // 5)), "unparsable"),
    "deep-in-base64": (
        json.dumps({**ENVELOPE, "data_base64": b64encode(b"[" * 600_000).decode()}).encode(),
        "unparsable",
    ),
    "nothing-but-quotes": (b'"' * LARGE, "unparsable"),
    "a-number-of-many-digits": (usage("9" * LARGE), "unparsable"),
    "a-key-many-times": (usage("{" + of_many('"k":1', 100_000) + "}"), "unparsable"),
    "many-wrong-dimensions": (
        usage('{"meter":"api_calls","value":"1","dimensions":{' + of_many('"k#":1', 60_000) + "}}"),
        "invalid_data",
    ),
    "a-fraction-of-many-digits": (usage('{"meter":"api_calls","value":0.' + "1" * LARGE + "}"), "invalid_data"),
    "a-long-subject": (usage("{}", subject="x" * LARGE), "invalid_attribute"),
    "a-long-fraction-of-a-second": (usage("{}", time=f"2026-11-22T10:00:00.{'1' * LARGE}Z"), "invalid_attribute"),
}
UPDATES: Mapping[str, tuple[bytes, str]] = {
    "a-huge-version": (update('"version":1e999999999').replace(b'"version":1,', b""), "invalid_data"),
    "a-huge-score": (update('"nps":1e999999999'), "invalid_data"),
    "a-huge-satisfaction": (update('"csat":"1e999999999"'), "invalid_data"),
    "a-huge-number-of-add-ons": (update('"add_ons":{"x":1e999999999}'), "invalid_data"),
    "a-huge-time": (update('"renewal_at":1e999999999'), "invalid_data"),
    "a-huge-amount": (update('"mrr":{"amount":"1e999999999","currency":"USD"}'), "invalid_data"),
    "many-huge-limits": (update('"limits":{' + of_many('"m#":"1e999999"', 20_000) + "}"), "invalid_data"),
    "many-huge-levels": (
        update('"usage":{' + of_many('"m#":{"value":"1e9999999","as_of":"2026-11-20T00:00:00Z"}', 9_000) + "}"),
        "invalid_data",
    ),
    "a-zone-that-is-a-path": (update('"time_zone":"../../../etc/passwd"'), "invalid_data"),
}


def judged(read: Callable[[Record], object], value: bytes) -> str:
    """Return the code, and hold it to its time."""
    record = Record("usage-events", 0, 0, b"acct-1", value, (), parse_instant("2026-11-22T10:00:01Z"))
    began = time.process_time()
    with pytest.raises(RejectedRecord) as refused:
        read(record)
    assert time.process_time() - began < SECONDS
    return refused.value.code


@pytest.mark.parametrize("bomb", USAGE)
def test_an_event_that_is_large_to_read_is_refused_within_its_length(bomb: str) -> None:
    value, code = USAGE[bomb]
    assert judged(CODEC.usage_event, value) == code


@pytest.mark.parametrize("bomb", UPDATES)
def test_an_update_that_is_large_to_read_is_refused_within_its_length(bomb: str) -> None:
    value, code = UPDATES[bomb]
    assert judged(CODEC.account_update, value) == code


@pytest.mark.parametrize("read", [CODEC.prompt, CODEC.read_signal, CODEC.read_decision], ids=lambda each: each.__name__)
@pytest.mark.parametrize("bomb", USAGE)
def test_other_records_are_refused_within_their_length_too(read: Callable[[Record], object], bomb: str) -> None:
    assert judged(read, USAGE[bomb][0])
