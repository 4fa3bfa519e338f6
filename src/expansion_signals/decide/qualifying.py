"""Qualifying: what becomes of a lead with each reading (semantics 8).

rule {qualify_at: 50, hysteresis: 10, cooldown: 30d}, tiers A 85, B 70

    day   score   health   published
      1      60       80   `pql.qualified`, tier C
      2      72       80   `pql.qualified`, tier B: within the cooldown, since the tier rises
      3      84       80   `pql.score_changed`: 12 points away from 72
      4      73       80   `pql.score_changed`: 11 points away from 84
      5      63       80   nothing: 10 points are not past 10
      6      40       80   `pql.score_changed`: still a lead, 40 is not below 50 less 10
      7      39       80   `pql.disqualified`, by its score
      8      60       80   nothing: 60 is tier C, and on day 2 one was published that lasts for 30 days
      9      90       80   `pql.qualified`, tier A: higher than B
     10      90       45   `pql.disqualified`, at_risk
     39      60       80   `pql.qualified`, tier C: the cooldown is over

Every look is at the level, so what could not be published comes with a later reading, if it is still so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from expansion_signals.decide.health import AT_RISK_BELOW
from expansion_signals.decide.lead_words import why_changed, why_disqualified, why_qualified
from expansion_signals.decide.scoring import CaseFacts, folded, score_of
from expansion_signals.decide.suppression import SOLD_TO
from expansion_signals.model.instants import day_of
from expansion_signals.rules.condition_text import condition_text
from expansion_signals.rules.truth import applies, truth

if TYPE_CHECKING:
    from expansion_signals.decide.qualification import Qualification
    from expansion_signals.decide.scoring import Case
    from expansion_signals.rules.pql import PqlRule, Tier

PublicationType = Literal["pql.qualified", "pql.disqualified", "pql.score_changed"]
PUBLICATION_TYPES: tuple[PublicationType, ...] = get_args(PublicationType)
Disqualifier = Literal["account_status", "cancel_pending", "at_risk", "disqualify_when", "score"]

POINTS_AWAY = 10
"""A change of the score is told past so many points (semantics 8.3)."""


class Publication(NamedTuple):
    """What to publish of a lead. `ordinal` counts all that was published for the account and the rule, from 1."""

    type: PublicationType
    ordinal: int
    score: int
    tier: Tier
    why: str
    disqualified_by: Disqualifier | None = None


class Judgement(NamedTuple):
    """What to remember, the score, and what to publish with it."""

    state: Qualification
    score: int
    publication: Publication | None = None


def judged(rule: PqlRule, state: Qualification, case: Case) -> Judgement:
    """Judge an account by a rule with one more reading; one reading publishes once at most.

    a reading older than the newest one              adds what it saw, and publishes nothing
    the rule's `when` is not true                    the same
    a disqualifier applies                           `pql.disqualified`, of a lead
    the score is below `qualify_at - hysteresis`     the same
    it is `qualify_at` or more                       `pql.qualified`, unless a lead of this tier or of a higher one is
                                                     already there, or cooling down
    it has moved by more than 10 points              `pql.score_changed`, of a lead, once a UTC day
    """
    after = folded(rule, state, case)
    newest = after.at == case.at
    score = score_of(rule, after, max(case.at, state.at or case.at))
    if not newest or not applies(rule.when, CaseFacts(case)):
        return Judgement(after, score)
    by = _disqualified_by(rule, case, score)
    if by is not None:
        return _disqualified(rule, after, case, score, by) if after.qualified else Judgement(after, score)
    if score >= rule.qualify_at and _may_qualify(rule, after, case, rule.tiers.of(score)):
        return _qualified(rule, after, case, score)
    if after.qualified and _has_moved(after, case, score):
        return _changed(rule, after, case, score)
    return Judgement(after, score)


def as_told(rule: PqlRule, state: Qualification, case: Case, publication: tuple[PublicationType, int]) -> Judgement:
    """Return what a reading made of an account of which this publication, with its ordinal, is told."""
    kind, ordinal = publication
    after = replace(folded(rule, state, case), published=ordinal - 1)
    score = score_of(rule, after, case.at)
    match kind:
        case "pql.qualified":
            return _qualified(rule, after, case, score)
        case "pql.score_changed":
            return _changed(rule, after, case, score)
        case _:
            return _disqualified(rule, after, case, score, _disqualified_by(rule, case, score) or "score")


def _disqualified_by(rule: PqlRule, case: Case, score: int) -> Disqualifier | None:
    """Return the first of all that speaks against a lead, in the order of semantics 7.2."""
    if case.account.status not in SOLD_TO:
        return "account_status"
    if case.cancel_pending:
        return "cancel_pending"
    if case.health is not None and case.health.score < AT_RISK_BELOW:
        return "at_risk"
    if rule.disqualify_when is not None and truth(rule.disqualify_when, CaseFacts(case)) is True:
        return "disqualify_when"
    return "score" if score < rule.qualify_at - rule.hysteresis else None


def _may_qualify(rule: PqlRule, state: Qualification, case: Case, tier: Tier) -> bool:
    """Say whether to publish a lead of this tier: higher than the last, or a new one once that has cooled down."""
    if state.tier is None or state.qualified_at is None or tier < state.tier:
        return True
    return not state.qualified and case.at - state.qualified_at >= rule.cooldown


def _has_moved(state: Qualification, case: Case, score: int) -> bool:
    away = abs(score - (state.score or 0))
    return away > POINTS_AWAY and (state.changed_on is None or state.changed_on < day_of(case.at))


def _qualified(rule: PqlRule, state: Qualification, case: Case, score: int) -> Judgement:
    tier = rule.tiers.of(score)
    after = _published(replace(state, qualified=True, tier=tier, qualified_at=case.at), score)
    why = why_qualified(rule, state, score, tier)
    return Judgement(after, score, Publication("pql.qualified", after.published, score, tier, why))


def _changed(rule: PqlRule, state: Qualification, case: Case, score: int) -> Judgement:
    tier = rule.tiers.of(score)
    after = _published(replace(state, changed_on=day_of(case.at)), score)
    why = why_changed(rule, state, score, tier)
    return Judgement(after, score, Publication("pql.score_changed", after.published, score, tier, why))


def _disqualified(rule: PqlRule, state: Qualification, case: Case, score: int, by: Disqualifier) -> Judgement:
    after = _published(replace(state, qualified=False), score)
    why = why_disqualified(_reason(rule, case, by), score)
    tier = state.tier or rule.tiers.of(score)
    return Judgement(after, score, Publication("pql.disqualified", after.published, score, tier, why, by))


def _published(state: Qualification, score: int) -> Qualification:
    return replace(state, score=score, published=state.published + 1)


def _reason(rule: PqlRule, case: Case, by: Disqualifier) -> str:
    match by:
        case "account_status":
            return f"the account is {case.account.status.replace('_', ' ')}"
        case "cancel_pending":
            return "a cancellation was asked for"
        case "at_risk" if case.health is not None:
            return f"health is {case.health.score}, at risk"
        case "disqualify_when" if rule.disqualify_when is not None:
            return f"ruled out by {condition_text(rule.disqualify_when)}"
        case _:
            return f"the score is below {rule.qualify_at - rule.hysteresis}"
