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
    return encode(
        Published.caused_by(
            outcome.evidence,
            topic=TOPIC,
            type=TYPE,
            id=outcome.id,
            account=outcome.account,
            data=outcome.data,
        ),
        recorded,
    )


def write_withdrawal(withdrawal: Withdrawal, recorded: Instant) -> Outgoing:
    """Return the record of a withdrawal; it is of use as long as its trigger would have been."""
    return encode(
        Published.caused_by(
            withdrawal.evidence,
            topic=withdrawal.topic,
            type=WITHDRAWN,
            id=withdrawal.id,
            account=withdrawal.account,
            data={
                "trigger": withdrawal.trigger,
                "reason": withdrawal.reason,
                "rule": withdrawal.rule,
                "family": withdrawal.family,
            },
            expires=withdrawal.expires,
        ),
        recorded,
    )
