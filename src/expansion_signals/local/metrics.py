"""What a worker tells over HTTP: whether it is ready, and what became of the records it received."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from expansion_signals.sdk.envelope import USAGE_EVENTS

_TIMEOUT = 2.0
_TALLY = re.compile(r"^expansion_signals_records_total\{(?P<labels>[^}]*)\}\s+(?P<count>[0-9.e+]+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class Tallies(NamedTuple):
    """What became of records: each received one is exactly one of the four (semantics 1.5)."""

    counted: int = 0
    duplicate: int = 0
    unmatched: int = 0
    dead_lettered: int = 0

    @property
    def received(self) -> int:
        """All of them."""
        return sum(self)


NOTHING = Tallies()


async def is_ready(http: str) -> bool:
    """Say whether the worker at this `host:port` answers that it is ready."""
    return await _get(http, "/readyz") is not None


async def tallies(http: str, topic: str = USAGE_EVENTS) -> Tallies | None:
    """Return the worker's tallies of a topic, or None where it does not answer."""
    text = await _get(http, "/metrics")
    return None if text is None else tallies_in(text, topic)


def tallies_in(text: str, topic: str = USAGE_EVENTS) -> Tallies:
    """Read the tallies of a topic out of a metrics page in the Prometheus text format."""
    counts = dict.fromkeys(Tallies._fields, 0)
    for match in _TALLY.finditer(text):
        labels = dict(_LABEL.findall(match["labels"]))
        outcome = labels.get("outcome")
        if outcome in counts and labels.get("topic", "").endswith(topic):
            counts[outcome] += int(float(match["count"]))
    return Tallies(**counts)


async def _get(http: str, path: str) -> str | None:
    def read() -> str | None:
        try:
            with urlopen(f"http://{http}{path}", timeout=_TIMEOUT) as answer:
                content: bytes = answer.read()
                return content.decode()
        except (URLError, OSError):  # not there yet, or not ready: both are asked again
            return None

    return await asyncio.to_thread(read)
