"""Connecting to Kafka: where a client cannot, the brokers are asked why, for the driver does not tell."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from expansion_signals.errors import LogUnavailable, RejectedState
from expansion_signals.knocking import refusal
from expansion_signals.log.failures import kafka_failures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from expansion_signals.security import KafkaSecurity


@asynccontextmanager
async def connecting(servers: str, security: KafkaSecurity) -> AsyncIterator[None]:
    """Tell every failure of Kafka inside as one of ours; who is refused at the door does not try again.

    Raises:
        LogUnavailable: no broker answers.
        RejectedState: a broker answers, and does not let us in; with the reason.
        RejectedSettings: a file of certificates cannot be read.
    """
    try:
        with kafka_failures(servers):
            yield
    except LogUnavailable as away:
        reason = await asyncio.to_thread(refusal, servers, security)
        if reason is None:
            raise
        raise refused(servers, reason) from away


def refused(servers: str, reason: str) -> RejectedState:
    """Return the failure that says why brokers do not let us in."""
    return RejectedState(
        f"Kafka at {servers} does not let us in: {reason}. What to set (EXPANSION_SIGNALS_KAFKA_SECURITY, _CA, "
        "_CERTIFICATE, _KEY, _MECHANISM, _USER, _PASSWORD) is in docs/operations.md, Security"
    )
