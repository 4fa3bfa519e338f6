from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.records import Record
from expansion_signals.wire.codec import CloudEventsCodec

if TYPE_CHECKING:
    from collections.abc import Callable

APPENDED = parse_instant("2026-11-22T10:00:01Z")


@pytest.fixture
def codec() -> CloudEventsCodec:
    return CloudEventsCodec()


@pytest.fixture
def envelope() -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "7f1c",
        "source": "/apps/web",
        "type": "expansion.usage.recorded.v1",
        "subject": "acct-1",
        "time": "2026-11-22T10:00:00.123Z",
        "data": {"meter": "api_calls", "value": "1", "user": "u-42"},
    }


@pytest.fixture
def record() -> Callable[..., Record]:
    """Make a record of a value: bytes as they are, anything else as JSON."""

    def make(value: object, *headers: tuple[str, bytes | None], key: bytes | None = b"acct-1") -> Record:
        content = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        return Record("usage-events", 3, 41, key, content, headers, APPENDED)

    return make


@pytest.fixture
def refusal(codec: CloudEventsCodec, record: Callable[..., Record]) -> Callable[..., str]:
    """Return the code with which a usage event is refused."""

    def refused(value: object, *headers: tuple[str, bytes | None]) -> str:
        with pytest.raises(RejectedRecord) as caught:
            codec.usage_event(record(value, *headers))
        return caught.value.code

    return refused
