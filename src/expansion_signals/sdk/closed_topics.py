"""Topics that take nothing now: missing, or not for us. Their events wait, and keep no others waiting."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_FIRST_WAIT, _LONGEST_WAIT = 5.0, 30.0
"""A topic that is missing holds up all others for a moment each time it is asked for: it is asked for rarely."""

log = logging.getLogger(__name__)


@dataclass
class _Closed:
    said: str
    wait: float
    until: float


class ClosedTopics:
    """What brokers said of topics that they take nothing for, and when each is tried again."""

    def __init__(self) -> None:
        self._closed: dict[str, _Closed] = {}

    def now(self) -> Collection[str]:
        """Return the topics that are not to be tried now."""
        now = time.monotonic()
        return {topic for topic, closed in self._closed.items() if closed.until > now}

    def close(self, refusals: Mapping[str, str]) -> None:
        """Learn of topics that took nothing, each with what was said of it."""
        for topic, said in refusals.items():
            before = self._closed.get(topic)
            if before is None or before.said != said:
                log.warning("events for %s wait: %s", topic, said)
            wait = _FIRST_WAIT if before is None else min(2 * before.wait, _LONGEST_WAIT)
            self._closed[topic] = _Closed(said, wait, time.monotonic() + wait)

    def open(self, topics: Iterable[str]) -> None:
        """Learn of topics that took events."""
        for topic in topics:
            if self._closed.pop(topic, None) is not None:
                log.info("Kafka takes events for %s: what waited for it is being sent", topic)
