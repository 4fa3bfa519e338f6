"""The features of an account's plan: which are in use, which are not, and which are near a limit."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

from expansion_signals.cli.account_words import measured, shown
from expansion_signals.cli.readiness import FULL
from expansion_signals.cli.seat_overview import seats_of
from expansion_signals.detect.first_seen import FirstSeen
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from expansion_signals.cli.account_overview import CounterOverview, Overview

NOTE = "features"
"""The note that remembers which features were used for the first time, where a rule looks at them."""

FeatureState = Literal["near", "used", "unused", "unknown"]


class FeatureUse(NamedTuple):
    """One feature that the plan includes; `reading` tells how much of it is used, empty where it is not counted.

    `utilization` None: no limit. `unknown`: nothing tells whether it is used.
    """

    key: str
    state: FeatureState
    reading: str
    utilization: Fraction | None = None


def features_of(overview: Overview) -> Sequence[FeatureUse]:
    """Return every feature of the account's plan, the nearest to its limit first."""
    profile, catalog = overview.standing.profile, overview.configuration.catalog
    plan = catalog.plans.get(profile.account.plan) if profile else None
    if plan is None:
        return []
    counters, seen = dict(_counters(overview)), features_seen(overview)
    found = []
    for key in plan.includes:
        counter = counters.get(catalog.features[key].meter or "")
        found.append(_boolean(key, seen) if counter is None else _metered(key, counter))
    return sorted(found, key=lambda each: -(each.utilization or 0))


def features_seen(overview: Overview) -> Collection[str] | None:
    """Return the features that were ever used, None where nobody looks."""
    note = overview.standing.notes.get(NOTE)
    return None if note is None else FirstSeen.read(note.text).hours.get("feature", {}).keys()


def _counters(overview: Overview) -> Iterator[tuple[str, CounterOverview]]:
    for counter in overview.counters:
        if not counter.counter.dimension and not counter.is_of_life:
            yield counter.meter.key, counter
    seats = seats_of(overview)
    if seats is not None:
        yield SEATS, seats.counter


def _metered(key: str, counter: CounterOverview) -> FeatureUse:
    amount = counter.limit.amount if counter.limit else None
    if not amount:
        return FeatureUse(key, "used" if counter.level else "unused", measured(counter.level, counter.meter))
    part = Fraction(max(0, counter.level), amount)
    reading = f"{shown(counter.level, counter.meter)} of {measured(amount, counter.meter)}"
    if part >= FULL:
        return FeatureUse(key, "near", reading, part)
    return FeatureUse(key, "used" if counter.level > 0 else "unused", reading, part)


def _boolean(key: str, seen: Collection[str] | None) -> FeatureUse:
    if seen is None:
        return FeatureUse(key, "unknown", "")
    return FeatureUse(key, "used" if key in seen else "unused", "")
