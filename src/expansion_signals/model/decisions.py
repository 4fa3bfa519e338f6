"""Decisions: what became of each candidate, for the audit (semantics 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant

Verdict = Literal["fired", "suppressed", "held", "superseded", "already_past"]
"""`held` is interim; every other verdict is final."""

Reason = Literal[
    "at_risk",
    "plan_cannot_grow",
    "snoozed",
    "dismissed",
    "rule_cap",
    "session_cap",
    "account_cap",
    "quiet_hours",
    "cooldown",
    "open_opportunity",
    "cancel_pending",
    "upgraded",
    "need_gone",
    "too_old_to_fire",
    "backfill",
    "rule_added",
    "burst",
    "account_status",
    "opted_out",
    "holdout",
    "muted",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about a signal.

    `reason` is the first check that applied and `reasons` all that did (semantics 7.2); both are empty when it
    fired. `trigger` is the id of the trigger that fired or would have. `until` is when a hold ends. `rule` is the
    rule as payloads name it, by id and version. `time` is the event time of the evidence.
    """

    id: str
    signal: str
    trigger: str | None
    decision: Verdict
    reason: Reason | None
    reasons: tuple[Reason, ...]
    until: Instant | None
    rule: Mapping[str, str] | None
    account: str
    time: Instant
    traceparent: str | None = None
