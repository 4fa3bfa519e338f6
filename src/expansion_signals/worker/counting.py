"""Counting what is acknowledged: by topic, decisions by their reason, dead letters by their code."""

from __future__ import annotations

import logging
from collections import Counter as Tally
from typing import TYPE_CHECKING

from expansion_signals.wire import dead_letters, decisions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.records import Outgoing
    from expansion_signals.ports import Publisher
    from expansion_signals.worker.metrics import Metrics

log = logging.getLogger(__name__)

_NO_REASON = "none"
"""An empty label is no label to Prometheus."""


class CountingPublisher:
    """A publisher that counts what is acknowledged (port `Publisher`)."""

    def __init__(self, publisher: Publisher, metrics: Metrics) -> None:
        self._publisher = publisher
        self._metrics = metrics

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Publish, and count."""
        refused = await self._publisher.publish(records)
        acknowledged = [record for place, record in enumerate(records) if place not in refused]
        for topic, count in Tally(record.topic for record in acknowledged).items():
            self._metrics.published.labels(topic).inc(count)
        self._count_decisions(acknowledged)
        self._count_dead_letters(acknowledged)
        return refused

    def _count_decisions(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            if record.topic == decisions.TOPIC and record.value is not None:
                ruled = decisions.ruled(record.value)
                self._metrics.decisions.labels(ruled.decision, ruled.reason or _NO_REASON).inc()

    def _count_dead_letters(self, records: Sequence[Outgoing]) -> None:
        codes = Tally(dead_letters.cause_of(each.headers).code for each in records if each.topic == dead_letters.TOPIC)
        for code, count in codes.items():
            self._metrics.dead_letters.labels(code).inc(count)
        if codes:
            log.warning(
                "%d records are dead letters: their cause is in the headers on %s",
                codes.total(),
                dead_letters.TOPIC,
                extra={"codes": dict(codes)},
            )
