"""The ground a worker is about to stand on: looked at once, told in its log, and refused where it would lose data."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from expansion_signals.checks.findings import Severity, refuse
from expansion_signals.doctor.foundations import kafka_findings, redis_findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from expansion_signals.model.instants import Instant
    from expansion_signals.settings import Settings
    from expansion_signals.state.connection import Connection

log = logging.getLogger(__name__)

_LOUDNESS = {Severity.OK: logging.DEBUG, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


async def look_at_ground(settings: Settings, redis: Connection, clock: Callable[[], Instant]) -> None:
    """Look at Redis and Kafka as `doctor` does, and log each finding on one line.

    Raises:
        StateUnavailable, LogUnavailable: one of them does not answer.
        RejectedState: on this ground the worker would lose data; or they do not let it look.
    """
    findings = [*await redis_findings(settings, redis, clock), *(await kafka_findings(settings, clock)).findings]
    for finding in findings:
        if not finding.stops:  # what stops it is told as it ends
            log.log(_LOUDNESS[finding.severity], "%s: %s", finding.where, finding.sentence)
    refuse(findings)
