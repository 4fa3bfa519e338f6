"""Where what is published comes from: the event at hand of the same account, and when it was appended.

Signals take it along in headers, because deciding sees nothing of the event but them. What comes of no event at hand,
such as a look at a closed day, the end of a hold, or what a crash left waiting, has no origin.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing, Record

APPENDED = "event_appended_us"
"""The header of a signal with the append time of its event, in microseconds since the epoch."""

TRACEPARENT = "traceparent"
"""The header with the span in which a record was sent, as W3C Trace Context has it."""

_EVENTS = (USAGE_EVENTS, ACCOUNT_UPDATES)

_SEARCHED = 2_000
"""Events of a poll at most that are looked through. More are a backlog, where each costs time that others wait for, and
all of them have waited for about as long as the first.
"""


class Origin(NamedTuple):
    """When the event was appended; the span in which its signal was sent, None where nobody traces."""

    appended: Instant
    traceparent: str | None = None


class Origins:
    """Knows the poll at hand, as far as anything published comes of it."""

    def __init__(self) -> None:
        self._records: Sequence[Record] = ()

    def begin(self, records: Sequence[Record]) -> None:
        """Take note of the poll at hand; of none where there are no records."""
        self._records = records

    def of(self, published: Iterable[Outgoing]) -> Mapping[bytes, Sequence[Origin]]:
        """Return the origins of these records by their key, in the order read; of an account's events the first."""
        keys = {record.key for record in published if record.key is not None}
        if len(self._records) > _SEARCHED and self._records[0].topic in _EVENTS:
            return dict.fromkeys(keys, (Origin(self._records[0].appended),))
        found: defaultdict[bytes, list[Origin]] = defaultdict(list)
        for record in self._records:
            key = record.key
            if key is None or key not in keys:
                continue
            if record.topic not in _EVENTS:
                found[key] += _told(record)
            elif key not in found:
                found[key].append(Origin(record.appended))
        return found


def _told(signal: Record) -> Sequence[Origin]:
    """Return what a signal tells of its event."""
    headers = dict(signal.headers)
    appended, traceparent = headers.get(APPENDED), headers.get(TRACEPARENT)
    if appended is None or not appended.isdigit():
        return ()
    return (Origin(int(appended), traceparent.decode("latin-1") if traceparent else None),)
