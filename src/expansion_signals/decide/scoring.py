"""Criteria and their points: what a reading says of each, and the score they come to (semantics 8.1, 8.2)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.decide.decay import share_left
from expansion_signals.decide.qualification import CriterionStanding
from expansion_signals.decide.rounding import half_up
from expansion_signals.model.amounts import plain
from expansion_signals.model.instants import format_instant
from expansion_signals.rules.condition_text import required_text
from expansion_signals.rules.conditions import facts_compared
from expansion_signals.rules.fact_windows import window_of
from expansion_signals.rules.truth import Known, truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.decide.evidence_readings import Observation, Observations
    from expansion_signals.decide.health import Health
    from expansion_signals.decide.qualification import Qualification
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.rules.pql import Criterion, PqlRule

EVIDENCE_KEPT = 5
"""How many events a criterion names, the latest ones."""

_OF_ACCOUNT = frozenset({"plan", "annual_value", "account_age", "days_to_renewal", "health"})
"""Facts that the profile and the health of the account tell; every other is one of the reading."""


class Case(NamedTuple):
    """An account as one reading found it at an instant; `currency` is the catalog's.

    `cancel_pending`: a cancellation has been asked for, and its pause has not ended (semantics 7.3).
    """

    at: Instant
    account: Account
    currency: str
    observations: Observations
    health: Health | None = None
    cancel_pending: bool = False


class CaseFacts(NamedTuple):
    """The facts of a case, those that have a window in this one, or in that of each (None)."""

    case: Case
    within: Duration | None = None

    def fact(self, name: str) -> Fraction | str | None:
        """Return a fact, None where it is not known."""
        case = self.case
        if name in _OF_ACCOUNT:
            return Known(case.account, case.currency, case.at, health=case.health and case.health.score).fact(name)
        observation = self.observation(name)
        return Fraction(observation.value) if observation and observation.value is not None else None

    def text(self, name: str) -> str | None:
        """Return a fact as it is told: as it was measured; ages, distances and sums of money to two digits."""
        observation, fact = self.observation(name), self.fact(name)
        if fact is None or isinstance(fact, str):
            return fact
        if observation is not None and observation.value is not None:
            return plain(observation.value)
        return plain(Decimal(half_up(fact * 100)) / 100)

    def observation(self, name: str) -> Observation | None:
        """Return what the reading says of a fact in its window; what the account tells it does not."""
        return None if name in _OF_ACCOUNT else self.case.observations.get((name, window_of(name, self.within)))


def folded(rule: PqlRule, state: Qualification, case: Case) -> Qualification:
    """Return how all criteria stand with one more reading.

    The newest reading tells which are met. When a criterion was seen adds up over all of them, in whatever order they
    come; the same reading again adds nothing.
    """
    newest = state.at is None or case.at >= state.at
    criteria = {}
    for criterion in rule.criteria:
        before, now = state.criteria.get(criterion.id), _looked_at(criterion, case)
        criteria[criterion.id] = now if before is None else _together(before, now, now if newest else before)
    return replace(state, at=case.at if newest else state.at, criteria=criteria)


def score_of(rule: PqlRule, state: Qualification, at: Instant) -> int:
    """Return the sum of what is left of all points, rounded half up once, at the end."""
    left = (_points_left(rule, criterion, state.criteria.get(criterion.id), at) for criterion in rule.criteria)
    return half_up(sum(left, Fraction(0)))


def criteria_document(rule: PqlRule, state: Qualification, at: Instant) -> list[dict[str, Any]]:
    """Return `criteria` as payloads carry it: each, met or not (semantics 8.2).

    `decayed_points` are rounded half up one by one, so the score may differ from their sum by a point or two.
    """
    return [_document(rule, criterion, state.criteria[criterion.id], at) for criterion in rule.criteria]


def _document(rule: PqlRule, criterion: Criterion, standing: CriterionStanding, at: Instant) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "met": standing.met,
        "observed": _observed(criterion, standing),
        "required": standing.required,
        "points": criterion.points,
        "decayed_points": half_up(_points_left(rule, criterion, standing, at)),
        "first_seen": None if standing.first_seen is None else format_instant(standing.first_seen),
        "last_seen": None if standing.last_seen is None else format_instant(standing.last_seen),
        "evidence": list(standing.evidence),
    }


def _observed(criterion: Criterion, standing: CriterionStanding) -> str | None:
    """Return the value of the one fact that a criterion looks at; of several, each known one with its name."""
    if len(_facts(criterion)) == 1:
        return next(iter(standing.observed.values()), None)
    return ", ".join(f"{name} {text}" for name, text in standing.observed.items()) or None


def _points_left(rule: PqlRule, criterion: Criterion, standing: CriterionStanding | None, at: Instant) -> Fraction:
    if standing is None or standing.last_seen is None:
        return Fraction(0)
    return criterion.points * (Fraction(1) if standing.met else share_left(at - standing.last_seen, rule.half_life))


def _looked_at(criterion: Criterion, case: Case) -> CriterionStanding:
    """Return how a criterion stands by this reading alone.

    It was last seen with the last evidence of its facts; one whose facts are of the moment, when it was looked at.
    """
    facts = CaseFacts(case, criterion.within)
    known = {name: text for name in _facts(criterion) if (text := facts.text(name)) is not None}
    standing = CriterionStanding(truth(criterion.when, facts) is True, required_text(criterion.when), known)
    if not standing.met:
        return standing
    observations = [each for name in known if (each := facts.observation(name)) is not None]
    last_seen = max((each.last_seen for each in observations if each.last_seen is not None), default=case.at)
    first_seen = min((each.first_seen for each in observations if each.first_seen is not None), default=last_seen)
    evidence = tuple(dict.fromkeys(event for each in observations for event in each.evidence))
    return replace(standing, first_seen=first_seen, last_seen=last_seen, evidence=evidence[-EVIDENCE_KEPT:])


def _together(before: CriterionStanding, now: CriterionStanding, newest: CriterionStanding) -> CriterionStanding:
    """Return the newest of both, with what either has seen; of evidence that is as late, any that all would choose."""
    seen = [
        (each.first_seen, (each.last_seen, each.evidence))
        for each in (before, now)
        if each.first_seen is not None and each.last_seen is not None
    ]
    if not seen:
        return newest
    first_seen = min(first for first, _ in seen)
    last_seen, evidence = max(last for _, last in seen)
    return replace(newest, first_seen=first_seen, last_seen=last_seen, evidence=evidence)


def _facts(criterion: Criterion) -> Sequence[str]:
    return tuple(dict.fromkeys(comparison.fact for comparison in facts_compared(criterion.when)))
