"""Leads: what a reading makes of an account's health and of each pql rule (semantics 8).

A publication is a candidate like any other: what silences one silences it. A lead that is suppressed for a reason that
may pass is judged again with the next reading, as if it had not been found; that is decided once a day, or when the
reasons are others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.cases import Case, account_in
from expansion_signals.decide.decisions import decision_of, entries_made, fired_of, trigger_of
from expansion_signals.decide.evidence_readings import health_inputs_in
from expansion_signals.decide.health import health_of
from expansion_signals.decide.health_parts import OfferHistory
from expansion_signals.decide.qualification import Qualification
from expansion_signals.decide.qualifying import PUBLICATION_TYPES, as_told, judged
from expansion_signals.decide.scoring import Case as LeadCase
from expansion_signals.decide.scoring import criteria_document
from expansion_signals.decide.suppression import Judged, judge
from expansion_signals.decide.utilization import observed
from expansion_signals.model.held_out import held_out
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, day_of
from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.decided import Decided
    from expansion_signals.decide.evidence_readings import Observations
    from expansion_signals.decide.health import Health
    from expansion_signals.decide.qualifying import Publication, PublicationType
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

_BARE = frozenset({"gone", "cancel_requested"})
"""What a reading has that tells of nothing else (`detect.bare_reading`)."""

_ALWAYS_SILENT: frozenset[Reason] = frozenset({"too_old_to_fire", "muted", "holdout"})
"""What silences a lead's end, and a change of its score, too: they are news of a lead that was sent."""


class _Look(NamedTuple):
    """What leads are judged by: a reading, its place on the log, the account, its facts and its health."""

    reading: Signal
    record: str
    account: Account
    observations: Observations
    health: Health | None
    ground: Ground

    @property
    def at(self) -> Instant:
        return self.reading.evidence.time


def leads(
    before: Decided, reading: Signal, record: str, ground: Ground
) -> tuple[Decided, Sequence[Trigger | Decision]]:
    """Return what is remembered, and published, once a reading is judged: health, then each pql rule."""
    account = account_in(reading)
    # A reading that tells one thing alone tells nothing of criteria: what is not told would count as not met.
    if account is None or reading.data["reason"] == "hold_ended" or not _BARE.isdisjoint(reading.data):
        return before, ()
    at = reading.evidence.time
    health = health_of(health_inputs_in(reading.data), account, offers_of(before.remembered, at))
    told = None if health is None else {"score": health.score, "band": health.band, "at": at}
    remembered, observations = observed(before.remembered.with_health(told), reading)
    after = before.remembering(remembered)
    look = _Look(reading, record, account, observations, health, ground)
    published: list[Trigger | Decision] = []
    for rule in ground.configuration.pql_rules:
        after, found = _lead(rule, after, look)
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


def _lead(rule: PqlRule, before: Decided, look: _Look) -> tuple[Decided, Sequence[Trigger | Decision]]:
    known = before.remembered.leads.get(rule.id, {})
    state = Qualification.read(known.get("state", {}))
    lead, restored = _lead_case(look, before.remembered), _told(rule, look.reading.account, state, look.ground)
    judgement = judged(rule, state, lead) if restored is None else as_told(rule, state, lead, restored)
    told = _standing(before, rule, judgement.state, look.at)
    publication = judgement.publication
    if publication is None:
        return told, ()
    case = Case(_signal(rule, judgement.state, publication, look, state.score), before.remembered, look.ground)
    if rule.shadow:
        return told, [replace(trigger_of(case, (0,)), shadow=True)]
    verdict = _verdict(case, publication)
    decision = replace(decision_of(case, case.signal.id, verdict), signal=look.reading.id)
    if verdict.verdict != "fired" and "holdout" not in verdict.reasons:
        silenced = [day_of(look.at), *verdict.reasons]
        untold = _standing(before, rule, judgement.state.published_as(state), look.at, silenced)
        return untold, [] if known.get("silenced") == silenced else [decision]
    told = told.with_entries(entries_made(Candidate(case.signal, look.record), (0,), verdict.verdict, case.expires))
    if verdict.verdict != "fired":
        return told, [decision]
    trigger = trigger_of(case, (0,))
    if publication.type == "pql.qualified":
        told = told.remembering(told.remembered.with_fired(fired_of(case, trigger), look.ground.now))
    return told, [trigger, decision]


def _lead_case(look: _Look, remembered: Remembered) -> LeadCase:
    configuration = look.ground.configuration
    return LeadCase(
        look.at,
        look.account,
        configuration.catalog.currency,
        look.observations,
        look.health,
        remembered.wants_to_leave(look.at, configuration.policy.pause),
    )


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


def _standing(
    before: Decided, rule: PqlRule, state: Qualification, at: Instant, silenced: Sequence[object] = ()
) -> Decided:
    """Return what stands with this state; one of which no criterion was ever met needs no memory.

    `silenced`: the day on which the lead was not sent, and why; it is decided once a day, or for other reasons.
    """
    if not state.published and not any(each.first_seen is not None for each in state.criteria.values()):
        return before
    lead = {"state": state.document(), "kept_until": at + _LEAD_KEPT, **({"silenced": silenced} if silenced else {})}
    return before.remembering(before.remembered.with_lead(rule.id, lead))


def _signal(
    rule: PqlRule, state: Qualification, publication: Publication, look: _Look, score_before: int | None
) -> Signal:
    kind, reading = publication.type, look.reading
    signal_id = lead_id(rule.id, reading.account, kind, publication.ordinal)
    changed = {"previous_score": score_before} if kind == "pql.score_changed" else {}
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
            "criteria": criteria_document(rule, state, look.at),
            "disqualified_by": publication.disqualified_by,
            "health": None if look.health is None else look.health.document(),
            "session": None,
            "why": publication.why,
            "account": reading.data.get("account"),
            **held_out(rule.id, rule.holdout, reading.account),
        },
        keys=(signal_id,),
    )
