"""The plain case of a usage event, read in one go: nearly every record of a product app is one.

Plain is a structured event of the required attributes and a flat object of texts and whole numbers as data, in ASCII
without escapes. What is not plain, be it wrong or merely unusual, is left to the long way (`cloudevents`, `attributes`,
`contracts`), which says what is wrong. So what is taken here is what the long way takes too, and as the same event.

msgspec reads into a shape in a third of the time that any JSON takes, but it knows neither a key that stands twice nor
one that is not asked for. Quotes tell: without escapes each text has two of them, so where there are as many as what
was read accounts for, nothing else was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from expansion_signals.model.events import USAGE_IMPORTED, USAGE_RECORDED, UsageEvent
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.names import LONGEST_NAME
from expansion_signals.wire import contracts
from expansion_signals.wire.cloudevents import LARGEST_VALUE, STRUCTURED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Duration
    from expansion_signals.model.records import Record

_STRUCTURED = [("content-type", STRUCTURED.encode())]

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]

_TEXTS = 13
"""Texts in an event besides its data's: the names of seven attributes, and the values of six."""

_LONGEST_AMOUNT = 18
_LARGEST_AMOUNT = 10**_LONGEST_AMOUNT


class _Envelope(msgspec.Struct, gc=False):
    specversion: Literal["1.0"]
    id: _Name
    source: _Name
    type: _Name
    subject: _Name
    time: _Name
    data: dict[str, _Name | int]
    datacontenttype: str | None = None


_decode = msgspec.json.Decoder(_Envelope).decode


def plain_event(record: Record, oldest: Duration, newest: Duration) -> UsageEvent | None:
    """Return the event of this record if it is plain, else None.

    Its time must lie in `[appended - oldest, appended + newest]`.

    Raises:
        RejectedRecord: `invalid_data` or `unknown_version`, as the long way would.
    """
    _, _, _, _, value, headers, appended = record
    if (
        value is None
        or len(value) > LARGEST_VALUE
        or not value.isascii()
        or b"\\" in value
        or b"\x7f" in value
        or (headers and [*headers] != _STRUCTURED)
    ):
        return None
    try:
        read = _decode(value)
        time = parse_instant(read.time)
    except (ValueError, RecursionError):  # msgspec's own is the first, and what is nested too deep for it the second
        return None
    event_type, data = read.type, read.data
    texts = [*map(type, data.values())].count(str) + len(data) + _TEXTS + (0 if read.datacontenttype is None else 2)
    if (
        value.count(b'"') != 2 * texts
        or event_type == USAGE_IMPORTED
        or not appended - oldest <= time <= appended + newest
    ):
        return None
    if event_type != USAGE_RECORDED or not _is_plain_usage(data):
        contracts.checked(event_type, data)
    return UsageEvent(read.source, read.id, event_type, read.subject, time, data)


def _is_plain_usage(data: Mapping[str, str | int]) -> bool:
    """Say whether the data of `usage.recorded` fulfils its contract at first sight: a meter, a value and a user."""
    meter, value, user = data.get("meter"), data.get("value"), data.get("user")
    return (
        len(data) == 3  # noqa: PLR2004 -- these three
        and type(meter) is type(user) is str
        and (
            value.isdecimal() and len(value) <= _LONGEST_AMOUNT
            if type(value) is str
            else type(value) is int and -_LARGEST_AMOUNT < value < _LARGEST_AMOUNT
        )
    )
