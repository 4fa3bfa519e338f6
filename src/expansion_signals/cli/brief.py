"""The brief of an account, for a quarterly review: what the evidence says of it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from expansion_signals.cli.brief_questions import questions_of
from expansion_signals.cli.feature_use import features_of
from expansion_signals.cli.opportunities import Opportunities, opportunities_of
from expansion_signals.cli.quarters import uses_of
from expansion_signals.cli.readiness import Readings, readiness
from expansion_signals.cli.revenue import revenue_of
from expansion_signals.cli.seat_overview import seats_of
from expansion_signals.decide.evidence_readings import health_inputs_in
from expansion_signals.decide.health import health_of
from expansion_signals.decide.leads import offers_of
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.signals import Signal
from expansion_signals.model.windows import last_days, total_of
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.cli.account_overview import Overview
    from expansion_signals.cli.feature_use import FeatureUse
    from expansion_signals.cli.quarters import MeterUse
    from expansion_signals.cli.readiness import Answer
    from expansion_signals.cli.revenue import Revenue
    from expansion_signals.decide.health_parts import HealthInputs
    from expansion_signals.decide.remembered import Remembered
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.happenings import Happening
    from expansion_signals.model.instants import Instant

_MONTH = 30


@dataclass(frozen=True, slots=True)
class SeatsBought:
    """Seats that members hold, those that invites wait for, and how many were bought; None: not known, or unlimited."""

    active: int
    pending: int
    bought: int | None


@dataclass(frozen=True, slots=True)
class Brief:
    """The brief of `account` at the instant `at`.

    `health` is the document that payloads carry, with its parts where a reading tells them. `retention_first`: nothing
    is to be sold before what makes the account leave is heard.
    """

    account: str
    at: Instant
    profile: Account
    seats: SeatsBought | None
    revenue: Revenue | None
    health: Mapping[str, Any] | None
    health_at: Instant | None
    uses: Sequence[MeterUse]
    features: Sequence[FeatureUse]
    answers: Sequence[Answer]
    opportunities: Opportunities
    retention_first: str | None
    questions: Sequence[str]


def brief_of(overview: Overview, remembered: Remembered, happenings: Sequence[Happening]) -> Brief | None:
    """Return the brief that the evidence makes; None of an account without a profile."""
    standing, configuration, now = overview.standing, overview.configuration, overview.now
    if standing.profile is None:
        return None
    profile, features = standing.profile.account, features_of(overview)
    reading, inputs = _newest_reading(happenings)
    health, health_at = _health(profile, remembered, reading, inputs)
    seats = _seats(overview, profile)
    answers = readiness(_readings(overview, features, seats, inputs))
    found = opportunities_of(happenings, profile, configuration, now)
    uses = uses_of(standing, configuration.catalog, now)
    first = _retention_first(overview, remembered, found, health)
    return Brief(
        account=standing.account,
        at=now,
        profile=profile,
        seats=seats,
        revenue=revenue_of(profile, configuration.catalog),
        health=health,
        health_at=health_at,
        uses=uses,
        features=features,
        answers=answers,
        opportunities=found,
        retention_first=first,
        questions=questions_of(profile, features, answers, found, uses, now, sells=first is None),
    )


def _newest_reading(happenings: Sequence[Happening]) -> tuple[Signal | None, HealthInputs | None]:
    readings = [each.what for each in happenings if isinstance(each.what, Signal) and each.what.type == "reading"]
    for reading in sorted(readings, key=lambda each: -each.evidence.time):
        try:
            return reading, health_inputs_in(reading.data)
        except RejectedRecord:
            continue  # a reading of invites that ended measures no health
    return None, None


def _health(
    profile: Account, remembered: Remembered, reading: Signal | None, inputs: HealthInputs | None
) -> tuple[Mapping[str, Any] | None, Instant | None]:
    """Return the health that the newest reading makes, with its parts; else the one that deciding remembers."""
    if reading is None or inputs is None:
        return remembered.health, None
    at = reading.evidence.time
    health = health_of(inputs, profile, offers_of(remembered, at))
    return (None if health is None else health.document()), at


def _seats(overview: Overview, profile: Account) -> SeatsBought | None:
    limit = limit_in_force(overview.configuration.catalog, profile, SEATS)
    bought = limit.amount if limit else None
    seats = seats_of(overview)
    if seats is not None:
        return SeatsBought(seats.members, seats.pending, bought)
    return None if profile.members is None else SeatsBought(len(profile.members), 0, bought)


def _readings(
    overview: Overview, features: Sequence[FeatureUse], seats: SeatsBought | None, inputs: HealthInputs | None
) -> Readings:
    nearest = next((each for each in features if each.utilization is not None), None)
    known = [each for each in features if each.state != "unknown"]
    breadth = (sum(each.state != "unused" for each in known), len(known)) if len(known) == len(features) else None
    if inputs is not None and inputs.features_used is not None and inputs.features_included is not None:
        breadth = int(inputs.features_used), int(inputs.features_included)
    growth = _growth(overview) if inputs is None or inputs.usage_growth is None else Fraction(inputs.usage_growth)
    return Readings(
        utilization=nearest.utilization if nearest else None,
        of=nearest.key if nearest else "",
        growth=growth,
        features=breadth,
        seats=(seats.active, seats.bought) if seats and seats.bought else None,
    )


def _growth(overview: Overview) -> Fraction | None:
    """Return by which part the 30 closed days before today are above the 30 before, of the meter that counts most."""
    end = last_days(overview.now, 1).start
    found = []
    for counter in overview.counters:
        meter = counter.meter
        if meter.aggregation in ("sum", "count") and meter.per == "period" and not counter.counter.dimension:
            days = {day: total for (key, day), total in overview.standing.days.items() if key == meter.key}
            before, after = (
                total_of(meter.aggregation, days, range(end - back - _MONTH, end - back)) for back in (_MONTH, 0)
            )
            part = (
                Fraction(counter.level, counter.limit.amount) if counter.limit and counter.limit.amount else Fraction(0)
            )
            if before and before > 0:
                found.append((part, Fraction(after or 0, before) - 1))
    return max(found)[1] if found else None


def _retention_first(
    overview: Overview, remembered: Remembered, found: Opportunities, health: Mapping[str, Any] | None
) -> str | None:
    """Return why nothing is to be sold now, None where nothing speaks against it (domain: Contraction)."""
    pause = overview.configuration.policy.pause
    if remembered.cancelled is not None and overview.now < remembered.cancelled + pause:
        return "A cancellation was asked for: listen first, sell nothing."
    if health is not None and health["band"] == "at_risk":
        return f"Health is {health['score']}, at risk: help first, sell nothing."
    if found.retention:
        return f"{found.retention[0].case[0]}: ask why, before anything is offered."
    return None
