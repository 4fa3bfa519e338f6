"""Readings that tell one thing alone: an invite ended, a cancellation begun, how an account stands when a hold ends.

They carry no facts, so no lead is judged by them: what is not told is not known, and would count as not met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.model.amounts import unscale, utilization
from expansion_signals.model.entitlements import feature_of
from expansion_signals.model.events import Evidence
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import format_instant
from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.detect.days import Day
    from expansion_signals.detect.levels_used import Standing
    from expansion_signals.detect.seats import Occupancy
    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.instants import Instant

READING = "reading"
SOURCE = "/expansion-signals"


def invite_ended(invite: str, occupancy: Occupancy, seen: Seen) -> Signal:
    """Return the reading that an invite for which there was no seat is open no more: nobody waits for it (9.4)."""
    evidence = seen.evidence
    signal_id = identity_of(READING, seen.account, "gone", invite, evidence.source, evidence.id)
    content = _content("evidence", seen.profile, seats=dict(occupancy.amounts), gone=[invite])
    content |= {"user": evidence.user, "session": evidence.session}
    return Signal(signal_id, READING, seen.account, evidence, content)


def cancellation_begun(seen: Seen) -> Signal:
    """Return the reading that a cancellation was begun of which no rule tells: it pauses all the same (7.3)."""
    evidence = seen.evidence
    signal_id = identity_of(READING, seen.account, "cancel", evidence.source, evidence.id)
    content = _content("evidence", seen.profile, seats=None, cancel_requested=True)
    content |= {"user": evidence.user, "session": evidence.session}
    return Signal(signal_id, READING, seen.account, evidence, content)


def hold_ended(day: Day, at: Instant, levels: Sequence[Standing], seats: Occupancy | None) -> Signal:
    """Return the reading by which what was held until `at` is judged again (semantics 7.5)."""
    ended = format_instant(at)
    content = _content("hold_ended", day.profile.account, seats=dict(seats.amounts) if seats else None)
    content["levels"] = [level_told(each, day.catalog) for each in levels]
    evidence = Evidence(f"hold:{ended}", SOURCE, at)
    return Signal(identity_of(READING, day.account, "hold_ended", ended), READING, day.account, evidence, content)


def level_told(standing: Standing, catalog: Catalog) -> Mapping[str, Any]:
    """Return a level as readings tell it."""
    meter, level, limit, period = standing
    amount = limit.amount if limit else None
    return {
        "meter": meter.key,
        "feature": feature_of(catalog, meter.key),
        "unit": meter.unit,
        "usage": unscale(level, meter.precision),
        "limit": None if amount is None else unscale(amount, meter.precision),
        "utilization": utilization(level, amount),
        "period": {"start": format_instant(period.start), "end": format_instant(period.end)} if period else None,
    }


def _content(reason: str, profile: Account | None, **told: Any) -> dict[str, Any]:  # noqa: ANN401 -- parts of JSON
    return {
        "reason": reason,
        "plan": profile.plan if profile else None,
        "user": None,
        "session": None,
        "facts": [],
        "levels": [],
        "health_inputs": {},
        "account": profile.document() if profile else None,
        **told,
    }
