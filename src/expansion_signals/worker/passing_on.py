"""Passing on: what a stage publishes takes along when its event was appended, and in which span it was sent.

It stands behind the gate and before what counts, once for each stage. Dead letters pass untouched: their headers are
those that came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import SECOND
from expansion_signals.model.kinds import FAMILIES
from expansion_signals.wire import decisions, signals
from expansion_signals.worker.origins import APPENDED, TRACEPARENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.ports import Publisher
    from expansion_signals.worker.metrics import Metrics
    from expansion_signals.worker.origins import Origin, Origins
    from expansion_signals.worker.traces import StageTraces

_TRIGGERS = frozenset(family.topic for family in FAMILIES)
_FOLLOWED = _TRIGGERS | {signals.TOPIC, decisions.TOPIC}


class PassingOn:
    """A publisher (port `Publisher`) that traces what follows from events, and times triggers."""

    def __init__(
        self,
        publisher: Publisher,
        origins: Origins,
        traces: StageTraces,
        metrics: Metrics,
        clock: Callable[[], Instant],
    ) -> None:
        self._publisher = publisher
        self._origins = origins
        self._traces = traces
        self._metrics = metrics
        self._clock = clock

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Publish, with what is known of the events behind these records."""
        followed = [record for record in records if record.topic in _FOLLOWED]
        if not followed:
            return await self._publisher.publish(records)
        origins = self._origins.of(followed)
        with self._traces.sending(records, origins) as spans:
            sent = [_with_headers(each, origins, spans.get(place)) for place, each in enumerate(records)]
            refused = await self._publisher.publish(sent)
        self._time([record for place, record in enumerate(records) if place not in refused], origins)
        return refused

    def _time(self, acknowledged: Sequence[Outgoing], origins: Mapping[bytes, Sequence[Origin]]) -> None:
        now = self._clock()
        for record in acknowledged:
            origin = _origin(record, origins) if record.topic in _TRIGGERS else None
            if origin is not None:
                # The broker's clock may be ahead of ours.
                self._metrics.event_to_trigger.observe(max(0, now - origin.appended) / SECOND)


def _with_headers(record: Outgoing, origins: Mapping[bytes, Sequence[Origin]], span: str | None) -> Outgoing:
    origin = _origin(record, origins) if record.topic == signals.TOPIC else None
    appended = [] if origin is None else [(APPENDED, str(origin.appended).encode())]
    sent_in = [] if span is None else [(TRACEPARENT, span.encode())]
    return record._replace(headers=(*record.headers, *appended, *sent_in))


def _origin(record: Outgoing, origins: Mapping[bytes, Sequence[Origin]]) -> Origin | None:
    found = origins.get(record.key or b"")
    return found[0] if found else None
