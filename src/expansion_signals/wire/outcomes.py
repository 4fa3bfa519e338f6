"""Outcomes on `expansion-outcomes`, and withdrawals on the topics of their triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.wire.published import Published, encode

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.outcomes import Outcome, Withdrawal
    from expansion_signals.model.records import Outgoing

TOPIC = "expansion-outcomes"
TYPE = "expansion.outcome.attributed.v1"
WITHDRAWN = "expansion.trigger.withdrawn.v1"


def write(outcome: Outcome, recorded: Instant) -> Outgoing:
    """Return the record of an outcome; what caused it is the account update."""
    evidence = outcome.evidence
    return encode(
        Published(
            topic=TOPIC,
            type=TYPE,
            id=outcome.id,
            account=outcome.account,
            time=evidence.time,
            data=outcome.data,
            causation=evidence.id,
            causation_source=evidence.source,
            traceparent=evidence.traceparent,
        ),
        recorded,
    )


def write_withdrawal(withdrawal: Withdrawal, recorded: Instant) -> Outgoing:
    """Return the record of a withdrawal; it is of use as long as its trigger would have been."""
    evidence = withdrawal.evidence
    return encode(
        Published(
            topic=withdrawal.topic,
            type=WITHDRAWN,
            id=withdrawal.id,
            account=withdrawal.account,
            time=evidence.time,
            data={
                "trigger": withdrawal.trigger,
                "reason": withdrawal.reason,
                "rule": withdrawal.rule,
                "family": withdrawal.family,
            },
            causation=evidence.id,
            causation_source=evidence.source,
            traceparent=evidence.traceparent,
            expires=withdrawal.expires,
        ),
        recorded,
    )
