"""Every reason for which something due is not sent, as a sentence for people who talk to customers (semantics 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.decisions import Reason
    from expansion_signals.model.outcomes import Ended

SENTENCES: Mapping[Reason, str] = {
    "backfill": "it was recorded afterwards, to fill in the past",
    "rule_added": "the account stood there already when the rule was added",
    "too_old_to_fire": "it was too old to be news by then",
    "muted": "an operator has muted the rule, or the account",
    "holdout": "the rule holds this account out, to compare it with those that hear of it",
    "account_status": "nothing is sold to an account that is neither active nor in trial",
    "opted_out": "this person does not want to be asked",
    "upgraded": "the account had bought more by then",
    "need_gone": "the need was gone by then",
    "burst": "an invite of the same person, a moment before, had said it",
    "cancel_pending": "the account has asked to cancel, so nothing is sold to it for now",
    "at_risk": "the account is at risk: it needs help before it needs more",
    "plan_cannot_grow": "nothing in the catalog would solve it",
    "open_opportunity": "a seller is talking to the account already",
    "snoozed": "this person asked to be reminded later",
    "dismissed": "this person has dismissed such prompts three times",
    "rule_cap": "the rule has said enough for now",
    "session_cap": "this person has been shown enough",
    "account_cap": "the account has heard enough for now",
    "quiet_hours": "it can wait until quiet hours end",
    "cooldown": "the rule has fired a short while ago, and rests",
}

ENDINGS: Mapping[Ended, str] = {
    "upgraded": "the account has bought more",
    "need_gone": "the need is gone",
}
"""Why a trigger is withdrawn (semantics 9.4)."""
