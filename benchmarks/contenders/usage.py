"""What the contenders in Python share: what a usage event is, and what an account may use."""

from __future__ import annotations

import json
import os
from datetime import UTC
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, StringConstraints

KAFKA = os.environ["BENCH_KAFKA"]
PREFIX = os.environ["BENCH_PREFIX"]
EVENTS, TRIGGERS, DEAD_LETTERS = (PREFIX + name for name in ("usage-events", "bench-triggers", "bench-dlq"))
LIMITS: dict[str, dict[str, int]] = json.loads(Path(os.environ["BENCH_LIMITS"]).read_text())

Name = Annotated[str, StringConstraints(min_length=1)]


class Use(BaseModel):
    """The data of the event."""

    meter: Literal["api_calls", "exports", "storage"]
    value: int
    user: str


class Usage(BaseModel):
    """A CloudEvent that reports usage."""

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Literal["expansion.usage.recorded.v1"]
    subject: Name
    time: AwareDatetime
    data: Use

    @property
    def month(self) -> str:
        """The calendar month of the event, in UTC."""
        return self.day[:7]

    @property
    def day(self) -> str:
        """The calendar day of the event, in UTC."""
        return self.time.astimezone(UTC).date().isoformat()


def crossed(usage: Usage, before: int, level: int) -> list[str]:
    """Return the thresholds that the counter of the month has passed with this event."""
    limit = LIMITS.get(usage.subject, {}).get(usage.data.meter)
    if limit is None:
        return []
    at = {"80%": -(-limit * 8 // 10), "100%": limit}
    return [threshold for threshold, reached in at.items() if before < reached <= level]


def trigger(usage: Usage, threshold: str, level: int) -> bytes:
    """Return what is published."""
    told = {
        "account": usage.subject,
        "meter": usage.data.meter,
        "month": usage.month,
        "threshold": threshold,
        "level": level,
    }
    return json.dumps(told).encode()
