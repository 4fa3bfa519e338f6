"""An account as scripts see it: the JSON of `account show`, amounts as decimal strings, instants as RFC 3339."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from expansion_signals.cli.seat_overview import seats_of
from expansion_signals.model.amounts import plain, unscale, utilization
from expansion_signals.model.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.cli.account_overview import (
        CounterOverview,
        HourSum,
        OtherCounter,
        Overview,
    )
    from expansion_signals.cli.threshold_overview import ThresholdOverview
    from expansion_signals.model.months import Month
    from expansion_signals.model.readings import Period

_FIRST_DAY = date(1970, 1, 1)


def document_of(overview: Overview) -> Mapping[str, Any]:
    """Return the whole overview; amounts of a meter that no catalog names stand as they are kept, unscaled."""
    account = overview.standing
    profile = account.profile
    return {
        "account": account.account,
        "at": format_instant(overview.now),
        "known": profile is not None,
        "plan": profile.account.plan if profile else None,
        "plan_known": overview.plan_known,
        "unknown_limits": list(overview.unknown.limits),
        "unknown_add_ons": list(overview.unknown.add_ons),
        "profile": profile.document() if profile else None,
        "epoch": account.epoch,
        "configuration": overview.configuration.fingerprint,
        "waiting": account.waiting,
        "decided": dict(account.decided),
        "counters": [_counter(counter, overview) for counter in overview.counters],
        "seats": _seats(overview),
        "other_counters": [_other(counter) for counter in overview.others],
        "hours": [_hours(each) for each in overview.hours],
        "months": [_month(*place, total, overview) for place, total in sorted(account.months.items())],
    }


def _counter(each: CounterOverview, overview: Overview) -> Mapping[str, Any]:
    precision = each.meter.precision
    amount = each.limit.amount if each.limit else None
    return {
        "meter": each.meter.key,
        "dimension": each.counter.dimension,
        "unit": each.meter.unit,
        "period": _period(each.period),
        "feature": each.limit.feature if each.limit else None,
        "usage": unscale(each.level, precision),
        "limit": _amount(amount, precision),
        "limit_kind": each.limit.kind if each.limit else None,
        "utilization": utilization(each.level, amount),
        "remaining": None if amount is None else unscale(max(0, amount - each.level), precision),
        "overage": "0" if amount is None else unscale(max(0, each.level - amount), precision),
        "incomplete_since": None if each.incomplete_since is None else format_instant(each.incomplete_since),
        "thresholds": [_threshold(threshold, each) for threshold in each.thresholds],
        "guard": _guard(each),
        "dimensions": {
            name: [{"value": value, "usage": unscale(level, precision)} for value, level in values]
            for name, values in each.shares.items()
        },
        "active": [
            {"days": days, "members": seen.members, "approximate": seen.estimated} for days, seen in each.active.items()
        ],
        "within": [
            {window.unit: window.width, "usage": _amount(window.total, precision)}
            for window in overview.within(each.meter)
        ],
        "days": [
            {"day": (_FIRST_DAY + timedelta(days=day)).isoformat(), "value": unscale(total, precision)}
            for day, total in zip(overview.shown_days, overview.day_sums(each.meter), strict=True)
        ],
    }


def _seats(overview: Overview) -> Mapping[str, Any] | None:
    seats = seats_of(overview)
    if seats is None:
        return None
    counter, limit = seats.counter, seats.counter.limit
    return {
        "used": str(counter.level),
        "members": str(seats.members),
        "pending": str(seats.pending),
        "allowance": _amount(limit.amount if limit else None, 0),
        "utilization": utilization(counter.level, limit.amount if limit else None),
        "thresholds": [_threshold(threshold, counter) for threshold in counter.thresholds],
    }


def _threshold(each: ThresholdOverview, counter: CounterOverview) -> Mapping[str, Any]:
    precision = counter.meter.precision
    return {
        "rule": {"id": each.rule.id, "version": each.rule.version},
        "threshold": {"kind": each.threshold.kind, "value": plain(each.threshold.value), "comparison": ">="},
        "written": str(each.threshold),
        "state": each.state,
        "generation": each.generation,
        "at": _amount(each.at, precision),
        "to_go": _amount(each.to_go(counter.level), precision),
        "reached": _amount(each.reached, precision),
        "rearms_below": _amount(each.rearms_below, precision),
    }


def _guard(each: CounterOverview) -> Mapping[str, Any] | None:
    """Return the levels between which nothing is looked at; null where the next change will be."""
    if each.guard is None:
        return None
    epoch, guard = each.guard
    precision = each.meter.precision
    return {"epoch": epoch, "low": _amount(guard.low, precision), "high": _amount(guard.high, precision)}


def _other(each: OtherCounter) -> Mapping[str, Any]:
    precision = each.meter.precision if each.meter else 0
    start = each.counter.start
    return {
        "meter": each.counter.meter,
        "dimension": each.counter.dimension,
        "unit": each.meter.unit if each.meter else None,
        "start": None if start is None else format_instant(start),
        "period": _period(each.period),
        "usage": unscale(each.level, precision),
        "limit": _amount(each.limit, precision),
        "fired": [{"rule": key.rule, "written": key.threshold} for key in each.fired],
    }


def _hours(each: HourSum) -> Mapping[str, Any]:
    return {
        "meter": each.key,
        "unit": each.meter.unit if each.meter else None,
        "usage": unscale(each.total, each.meter.precision if each.meter else 0),
        "since": format_instant(each.since),
    }


def _month(key: str, month: Month, total: int, overview: Overview) -> Mapping[str, Any]:
    meter = overview.configuration.catalog.meters.get(key)
    return {"meter": key, "month": str(month), "usage": unscale(total, meter.precision if meter else 0)}


def _period(period: Period | None) -> Mapping[str, str] | None:
    return period and {"start": format_instant(period.start), "end": format_instant(period.end)}


def _amount(amount: int | None, precision: int) -> str | None:
    return None if amount is None else unscale(amount, precision)
