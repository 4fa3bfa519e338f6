"""Leads: what a reading makes of an account's health and of each pql rule (semantics 8).

A publication is a candidate like any other: what silences one silences it. A lead that is suppressed for a reason that
may pass is judged again with the next reading, as if it had not been found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.cases import account_in
from expansion_signals.decide.decisions import decision_of, entries_made, fired_of, trigger_of
from expansion_signals.decide.evidence_readings import health_inputs_in, observations_in
from expansion_signals.decide.health import health_of
from expansion_signals.decide.health_parts import OfferHistory
from expansion_signals.decide.offers import case_of
from expansion_signals.decide.qualification import Qualification
from expansion_signals.decide.qualifying import PUBLICATION_TYPES, as_told, judged
from expansion_signals.decide.scoring import Case as LeadCase
from expansion_signals.decide.scoring import criteria_document
from expansion_signals.decide.suppression import Judged, judge
from expansion_signals.model.held_out import held_out
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY
from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.decide.cases import Case, Ground
    from expansion_signals.decide.decided import Decided
    from expansion_signals.decide.health import Health
    from expansion_signals.decide.qualifying import Judgement, Publication, PublicationType
    from expansion_signals.decide.remembered import Remembered
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.decisions import Decision, Reason
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.triggers import Trigger
    from expansion_signals.rules.pql import PqlRule

_A_YEAR = 365 * DAY
_LEAD_KEPT = 400 * DAY
_MOST_ORDINALS = 1_000
"""How many publications of a rule may have been told by readings that have left the log."""

_ALWAYS_SILENT: frozenset[Reason] = frozenset({"too_old_to_fire", "muted", "holdout"})
"""What silences a lead's end, and a change of its score, too: they are news of a lead that was sent."""


def leads(
    before: Decided, reading: Signal, record: str, ground: Ground
) -> tuple[Decided, Sequence[Trigger | Decision]]:
    """Return what is remembered, and published, once a reading is judged: health, then each pql rule."""
    account = account_in(reading)
    if account is None:
        return before, ()
    at = reading.evidence.time
    health = health_of(health_inputs_in(reading.data), account, offers_of(before.remembered, at))
    known = None if health is None else {"score": health.score, "band": health.band, "at": at}
    after = replace(before, remembered=before.remembered.with_health(known))
    published: list[Trigger | Decision] = []
    for rule in ground.configuration.pql_rules:
        after, found = _lead(rule, after, reading, record, account, health, ground)
        published += found
    return after, published


def offers_of(remembered: Remembered, at: Instant) -> OfferHistory:
    """Return what is remembered of a year of offers."""
    lately = [each.deed for each in remembered.prompted if at - _A_YEAR < each.time]
    return OfferHistory(
        upgrades=sum(at - _A_YEAR < time for time in remembered.upgrades),
        contractions=sum(at - _A_YEAR < time for time in remembered.contractions),
        shown=lately.count("shown"),
        clicked=lately.count("clicked"),
        dismissed=lately.count("dismissed"),
    )


def _lead(  # noqa: PLR0913, PLR0917 -- what a lead is judged by
    rule: PqlRule,
    before: Decided,
    reading: Signal,
    record: str,
    account: Account,
    health: Health | None,
    ground: Ground,
) -> tuple[Decided, Sequence[Trigger | Decision]]:
    remembered, at = before.remembered, reading.evidence.time
    pause = ground.configuration.policy.pause
    cancelled = remembered.cancelled
    state = Qualification.read(remembered.leads.get(rule.id, {}).get("state", {}))
    lead = LeadCase(
        at,
        account,
        ground.configuration.catalog.currency,
        observations_in(reading.data),
        health,
        cancelled is not None and cancelled <= at < cancelled + pause,
    )
    told = _told(rule, reading.account, state, ground)
    judgement = judged(rule, state, lead) if told is None else as_told(rule, state, lead, told)
    publication = judgement.publication
    if publication is None:
        return replace(before, remembered=_with_lead(remembered, rule, judgement.state, at)), ()
    case = case_of(_signal(rule, judgement, publication, reading, state, health), remembered, ground)
    verdict = _verdict(case, publication)
    is_told = verdict.verdict == "fired" or "holdout" in verdict.reasons
    kept = judgement.state if is_told else replace(judgement.state, **_standing(state))
    after = replace(before, remembered=_with_lead(remembered, rule, kept, at))
    decision = replace(decision_of(case, case.signal.id, verdict), signal=reading.id)
    if not is_told:
        return after, [decision]
    after = after.with_entries(entries_made(Candidate(case.signal, record), verdict.verdict, case.expires))
    if verdict.verdict != "fired":
        return after, [decision]
    trigger = trigger_of(case, (0,))
    if publication.type == "pql.qualified":
        after = replace(after, remembered=after.remembered.with_fired(fired_of(case, trigger), ground.now))
    return after, [trigger, decision]


def _told(rule: PqlRule, account: str, state: Qualification, ground: Ground) -> tuple[PublicationType, int] | None:
    """Return which publication of this rule is told of a reading, where a shard is made anew."""
    ordinals = range(state.published + 1, state.published + 1 + _MOST_ORDINALS)
    named = ((kind, ordinal) for ordinal in ordinals for kind in PUBLICATION_TYPES)
    return (
        next((each for each in named if lead_id(rule.id, account, *each) in ground.told), None) if ground.told else None
    )


def lead_id(rule: str, account: str, kind: PublicationType, ordinal: int) -> str:
    """Return the id of a publication (semantics 9.1)."""
    return identity_of(kind.replace(".", "_"), rule, account, "criteria", "", "", "", str(ordinal))


def _verdict(case: Case, publication: Publication) -> Judged:
    if case.ground.told is not None:
        verdict = case.ground.told.get(case.signal.id)
        held_out = verdict == "suppressed" and case.signal.data.get("holdout") is True
        return Judged(verdict or "suppressed", ("holdout",) if held_out else ())
    found = judge(case)
    if publication.type == "pql.qualified" or found.verdict == "fired":
        return found
    reasons = tuple(reason for reason in found.reasons if reason in _ALWAYS_SILENT)
    return Judged("suppressed", reasons) if reasons else Judged("fired")


def _standing(state: Qualification) -> dict[str, Any]:
    """Return what was published so far: a lead that was not sent leaves it as it was."""
    return {
        "qualified": state.qualified,
        "tier": state.tier,
        "score": state.score,
        "qualified_at": state.qualified_at,
        "changed_on": state.changed_on,
        "published": state.published,
    }


def _with_lead(remembered: Remembered, rule: PqlRule, state: Qualification, at: Instant) -> Remembered:
    """Remember how the account stands; one of which no criterion was ever met needs no memory."""
    if not state.published and not any(each.first_seen is not None for each in state.criteria.values()):
        return remembered
    document = {"state": state.document(), "kept_until": at + _LEAD_KEPT}
    return remembered.with_lead(rule.id, document)


def _signal(  # noqa: PLR0913, PLR0917 -- what the payload of a lead is made of
    rule: PqlRule,
    judgement: Judgement,
    publication: Publication,
    reading: Signal,
    before: Qualification,
    health: Health | None,
) -> Signal:
    kind = publication.type
    signal_id = lead_id(rule.id, reading.account, kind, publication.ordinal)
    changed = {"previous_score": before.score} if kind == "pql.score_changed" else {}
    return Signal(
        id=signal_id,
        type=kind,
        account=reading.account,
        evidence=reading.evidence,
        data={
            "rule": {"id": rule.id, "version": rule.version},
            "family": "pql",
            "plan": reading.data.get("plan"),
            "user": None,
            "score": publication.score,
            "tier": publication.tier,
            **changed,
            "criteria": criteria_document(rule, judgement.state, reading.evidence.time),
            "disqualified_by": publication.disqualified_by,
            "health": None if health is None else health.document(),
            "session": None,
            "why": publication.why,
            "account": reading.data.get("account"),
            **held_out(rule.id, rule.holdout, reading.account),
        },
        keys=(signal_id,),
    )
