"""What the health of an account is scored from, as far as metering knows it: null where nothing was ever told of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from expansion_signals.detect.activity import OF_HEALTH, SENTIMENT_UNIT, TICKETS
from expansion_signals.detect.growth import rounded
from expansion_signals.detect.traces import steps_of
from expansion_signals.model.amounts import plain, utilization
from expansion_signals.model.instants import DAY, day_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.detect.activity import Activity
    from expansion_signals.detect.activity_facts import ActivityFacts
    from expansion_signals.detect.samples import Sample
    from expansion_signals.detect.traces import Trace
    from expansion_signals.rules.truth import Known

_WEEK, _MONTH = 7, 30
"""Closed days of which daily, and monthly, users are told."""

_SCORES = ("nps", "csat")
_PROMOTES, _DETRACTS = 9, 6
"""Answers, from 0 to 10, of those who recommend the product, and of those who do not."""


def health_inputs(facts: ActivityFacts, known: Known) -> Mapping[str, Any]:
    """Return what health hangs on, at the instant of these facts; shares are fractions, as decimal strings."""
    note, today = facts.note, day_of(facts.at)
    seats = facts.seats
    return {
        **_engagement(note.samples.get("active_users", {}).get(DAY), note.traces.get("active_users"), today),
        **_breadth(facts),
        "usage_growth": text_of(facts.fact("usage_growth")),
        "seats_growth": None,
        # Of what was never reported, nothing used is no evidence.
        "utilization": text_of(known.utilization) if note.looked and note.looked.first is not None else None,
        "seats_utilization": utilization(seats.used, seats.allowance) if seats and seats.used else None,
        **_relationship(facts),
        "history_days": _history_days(facts, today),
    }


def text_of(fraction: Fraction | None) -> str | None:
    """Return a fraction rounded half up to 4 digits: `0.5` for 50 %."""
    return None if fraction is None else utilization(fraction.numerator, fraction.denominator)


def _engagement(users: Sample | None, trace: Trace | None, today: int) -> Mapping[str, Any]:
    days = trace.steps.get(DAY, {}) if trace else {}
    # A product that has only begun to tell who is there says nothing yet of how often they come.
    if users is None or not days or today - min(days) < _WEEK:
        return {"daily_active": None, "monthly_active": None, "active_days": None}
    week, month = range(today - _WEEK, today), range(today - _MONTH, today)
    return {
        "daily_active": text_of(Fraction(sum(users.count(range(day, day + 1)) for day in week), _WEEK)),
        "monthly_active": users.count(month),
        "active_days": sum(day in month for day in days),
    }


def _breadth(facts: ActivityFacts) -> Mapping[str, int | None]:
    """Return how many features of the plan are in use: by events, or because their meter was counted."""
    plan = facts.catalog.plans.get(facts.profile.plan) if facts.profile else None
    if plan is None:
        return {"features_used": None, "features_included": None}
    sample = facts.note.samples.get("features_used", {}).get(DAY)
    metered = facts.note.looked.metered if facts.note.looked else ()
    used = {*(sample.within(steps_of(facts.at, OF_HEALTH)) if sample else ()), *metered} & plan.includes.keys()
    # Where no use of a feature was ever told, what is metered says nothing of those that are not.
    return {"features_used": len(used) if sample is not None else None, "features_included": len(plan.includes)}


def _relationship(facts: ActivityFacts) -> Mapping[str, Any]:
    note, profile = facts.note, facts.profile
    days = steps_of(facts.at, OF_HEALTH)
    moods = [mood for day, mood in note.moods.items() if day in days]
    total, tickets = sum(total for total, _ in moods), sum(tickets for _, tickets in moods)
    asked = {
        "nps": None if profile is None or profile.nps is None else str(profile.nps),
        "csat": None if profile is None or profile.csat is None else plain(profile.csat),
    }
    return {
        "tickets": facts.number(TICKETS, OF_HEALTH) if TICKETS in note.traces else None,
        "sentiment": text_of(Fraction(total, tickets * SENTIMENT_UNIT)) if tickets else None,
        **asked,
        **{kind: told for kind in _SCORES if (told := _score(kind, note)) is not None},
    }


def _score(kind: str, note: Activity) -> str | None:
    """Return what people answered: of satisfaction the last score, of answers from 0 to 10 what they come to as NPS."""
    scores = [Decimal(score) for _, score in note.scores.get(kind, ())]
    if not scores or kind != "nps":
        return plain(scores[-1]) if scores else None
    promoters, detractors = sum(score >= _PROMOTES for score in scores), sum(score <= _DETRACTS for score in scores)
    return rounded(Fraction((promoters - detractors) * 100, len(scores)))


def _history_days(facts: ActivityFacts, today: int) -> int | None:
    """Return how many days have closed since anything was known of the account."""
    counted = facts.note.looked.first if facts.note.looked else None
    seen = None if facts.note.since is None else day_of(facts.note.since)
    first = min((day for day in (counted, seen) if day is not None), default=None)
    return None if first is None else max(0, today - first)
