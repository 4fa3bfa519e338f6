"""A brief as scripts see it: amounts as decimal strings, instants as RFC 3339."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.decide.money import money
from expansion_signals.model.amounts import unscale
from expansion_signals.model.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from expansion_signals.cli.brief import Brief
    from expansion_signals.cli.opportunities import Opportunity
    from expansion_signals.cli.quarters import MeterUse


def document_of(brief: Brief) -> Mapping[str, Any]:
    """Return the JSON of `account brief`; shares and growths are fractions with four digits."""
    revenue, seats, first = brief.revenue, brief.seats, brief.profile.first_purchase_at
    return {
        "account": brief.account,
        "at": format_instant(brief.at),
        "plan": brief.profile.plan,
        "status": brief.profile.status,
        "owner": brief.profile.owner,
        "seats": seats and {"active": seats.active, "pending": seats.pending, "bought": seats.bought},
        "mrr": revenue and {**money(revenue.amount, revenue.currency), "source": revenue.source},
        "customer_since": None if first is None else format_instant(first),
        "health": brief.health,
        "health_at": None if brief.health_at is None else format_instant(brief.health_at),
        "meters": [_use(each) for each in brief.uses],
        "features": [
            {"key": each.key, "state": each.state, "reading": each.reading, "utilization": _part(each.utilization)}
            for each in brief.features
        ],
        "readiness": [
            {"question": each.question, "reading": each.reading, "answer": each.answer, "means": each.means}
            for each in brief.answers
        ],
        "retention_first": brief.retention_first,
        "retention": [_opportunity(each) for each in brief.opportunities.retention],
        "opportunities": [_opportunity(each) for each in brief.opportunities.expansion],
        "questions": list(brief.questions),
    }


def _use(each: MeterUse) -> Mapping[str, Any]:
    precision = each.meter.precision
    return {
        "meter": each.meter.key,
        "unit": each.meter.unit,
        "quarter": _amount(each.quarter, precision),
        "quarter_before": _amount(each.before, precision),
        "so_far": _amount(each.so_far, precision),
        "growth": _part(each.growth),
        "months": [{"month": str(month), "usage": _amount(total, precision)} for month, total in each.months],
    }


def _opportunity(each: Opportunity) -> Mapping[str, Any]:
    return {
        "title": each.title,
        "recommendation": each.step,
        "case": list(each.case),
        "triggers": each.times,
        "blocked": each.blocked,
        "people": each.people,
        "last": format_instant(each.last),
        "weight": each.weight,
    }


def _amount(amount: int | None, precision: int) -> str | None:
    return None if amount is None else unscale(amount, precision)


def _part(part: Fraction | None) -> str | None:
    """Return a fraction as a decimal string, rounded half up to four digits."""
    return None if part is None else unscale((part.numerator * 20_000 // part.denominator + 1) // 2, 4)
