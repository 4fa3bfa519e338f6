"""Usage events: immutable facts from product apps (semantics 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant

BUILT_IN_PREFIX = "expansion."
USAGE_RECORDED = "expansion.usage.recorded.v1"
USAGE_IMPORTED = "expansion.usage.imported.v1"
LIMIT_HIT = "expansion.limit.hit.v1"
ACCOUNT_UPDATED = "expansion.account.updated.v1"


class UsageEvent(NamedTuple):
    """One CloudEvent of a product app, decoded and valid for its type.

    `account` is the CloudEvents subject; `time` is event time. `data` is the parsed payload: JSON numbers are
    `int` or `Decimal`, read exactly as written. Identity is `source` + `id` within the account (semantics 1.4).
    """

    source: str
    id: str
    type: str
    account: str
    time: Instant
    data: Mapping[str, Any]
    backfill: bool = False
    traceparent: str | None = None


class Evidence(NamedTuple):
    """What a trigger says about the event that caused it: the last one of its counter in the batch (semantics 9.2).

    `backfill` is the event's own, for the audit of what it passes; it is not published.
    """

    id: str
    source: str
    time: Instant
    user: str | None = None
    session: str | None = None
    traceparent: str | None = None
    backfill: bool = False


def evidence_of(event: UsageEvent) -> Evidence:
    """Return the event as evidence."""
    user, session = event.data.get("user"), event.data.get("session")
    return Evidence(
        event.id,
        event.source,
        event.time,
        user if isinstance(user, str) else None,
        session if isinstance(session, str) else None,
        event.traceparent,
        event.backfill,
    )
